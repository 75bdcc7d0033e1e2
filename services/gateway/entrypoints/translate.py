"""JSON and protobuf messages, both ways, by the protos themselves.

JSON keeps the protos' field names; whole numbers stay numbers (never strings), enums are their short names
(`CARD`, not `KIND_CARD`), times are RFC 3339 in UTC, bytes are base64, unset messages are left out.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

TIMESTAMP = "google.protobuf.Timestamp"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Convert = Callable[[Any], Any]
# By full name, because each descriptor is reached through many wrappers. How many there are is in the protos.
_names: dict[str, dict[int, str]] = {}
_numbers: dict[str, dict[str, int]] = {}
_plans: dict[str, list[tuple[str, bool, bool, _Convert | None]]] = {}


def short_names(enum: EnumDescriptor) -> dict[int, str]:
    """Value number to short name, without the prefix that protobuf makes enums carry."""
    known = _names.get(enum.full_name)
    if known is None:
        prefix = "".join(f"_{c}" if c.isupper() else c.upper() for c in enum.name).lstrip("_") + "_"
        known = {value.number: value.name.removeprefix(prefix) for value in enum.values}
        _names[enum.full_name] = known
    return known


def to_json(message: Message) -> dict[str, Any]:
    """The message as plain JSON values. Scalars are always there, so that a client never has to guess."""
    result: dict[str, Any] = {}
    for name, repeated, optional, convert in _plan(message.DESCRIPTOR):
        if optional and not message.HasField(name):
            continue
        value = getattr(message, name)
        if repeated:
            result[name] = list(value) if convert is None else [convert(item) for item in value]
        else:
            result[name] = value if convert is None else convert(value)
    return result


def fill(message: Message, data: Mapping[str, Any]) -> Message:
    """Set a message's fields from validated JSON values (see `schema.request_model`). Returns the message."""
    fields = message.DESCRIPTOR.fields_by_name
    for name, value in data.items():
        if value is None:
            continue
        field = fields[name]
        if field.is_repeated:
            target = getattr(message, name)
            for item in value:
                if field.message_type is None:
                    target.append(_in(field, item))
                else:
                    _set(target.add(), item)
        elif field.message_type is None:
            setattr(message, name, _in(field, value))
        else:
            _set(getattr(message, name), value)
    return message


def _set(message: Any, value: Any) -> None:  # noqa: ANN401 - any message, its JSON value
    if message.DESCRIPTOR.full_name == TIMESTAMP:
        message.FromDatetime(value)
    else:
        message.SetInParent()  # an empty object is still an object
        fill(message, value)


def _in(field: Any, value: Any) -> Any:  # noqa: ANN401 - either protobuf's field descriptor, any value
    if field.enum_type is not None:
        numbers = _numbers.get(field.enum_type.full_name)
        if numbers is None:
            numbers = {name: number for number, name in short_names(field.enum_type).items()}
            _numbers[field.enum_type.full_name] = numbers
        return numbers[value]
    if field.type == FieldDescriptor.TYPE_BYTES:
        return base64.b64decode(value, validate=True)
    return value


def _plan(message: Any) -> list[tuple[str, bool, bool, _Convert | None]]:  # noqa: ANN401 - a descriptor
    """How each field goes out: name, repeated, may be unset, conversion."""
    known = _plans.get(message.full_name)
    if known is None:
        known = _plans[message.full_name] = [
            (
                field.name,
                field.is_repeated,
                field.message_type is not None and not field.is_repeated,
                _conversion(field),
            )
            for field in message.fields
        ]
    return known


def _conversion(field: Any) -> _Convert | None:  # noqa: ANN401 - as above
    if field.message_type is not None:
        if field.message_type.GetOptions().map_entry:
            raise NotImplementedError(f"{field.full_name}: maps have no JSON form here yet")
        return _time_text if field.message_type.full_name == TIMESTAMP else to_json
    if field.enum_type is not None:
        names = short_names(field.enum_type)
        # A service may be newer than this gateway.
        return lambda number: names.get(number, "UNSPECIFIED")
    if field.type == FieldDescriptor.TYPE_BYTES:
        return lambda value: base64.b64encode(value).decode()
    return None


def _time_text(value: Any) -> str:  # noqa: ANN401 - a Timestamp
    instant = _EPOCH + timedelta(seconds=value.seconds, milliseconds=value.nanos // 1_000_000)
    return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
