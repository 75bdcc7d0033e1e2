"""JSON and protobuf messages, both ways, by the protos themselves.

JSON keeps the protos' field names; whole numbers stay numbers (never strings), enums are their short names
(`CARD`, not `KIND_CARD`), times are RFC 3339 in UTC, unset messages are left out.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.message import Message

_TIMESTAMP = "google.protobuf.Timestamp"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_names: dict[str, dict[int, str]] = {}


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
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.is_repeated:
            result[field.name] = [_out(field, item) for item in value]
        elif field.message_type is None or message.HasField(field.name):
            result[field.name] = _out(field, value)
    return result


def fill(message: Message, data: Mapping[str, Any]) -> Message:
    """Set a message's fields from validated JSON values (see `schema.model_for`). Returns the message."""
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
                    fill(target.add(), item)
        elif field.message_type is None:
            setattr(message, name, _in(field, value))
        elif field.message_type.full_name == _TIMESTAMP:
            getattr(message, name).FromDatetime(value)
        else:
            target = getattr(message, name)
            target.SetInParent()  # an empty object is still an object
            fill(target, value)
    return message


def _out(field: Any, value: Any) -> Any:  # noqa: ANN401 - either protobuf's field descriptor, any value
    if field.message_type is not None:
        if field.message_type.full_name == _TIMESTAMP:
            instant = _EPOCH + timedelta(seconds=value.seconds, milliseconds=value.nanos // 1_000_000)
            return instant.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return to_json(value)
    if field.enum_type is not None:
        return short_names(field.enum_type).get(value, "UNSPECIFIED")
    if field.type == FieldDescriptor.TYPE_BYTES:
        return base64.b64encode(value).decode()
    return value


def _in(field: Any, value: Any) -> Any:  # noqa: ANN401 - as above
    if field.enum_type is not None:
        names = short_names(field.enum_type)
        return next(number for number, name in names.items() if name == value)
    return value
