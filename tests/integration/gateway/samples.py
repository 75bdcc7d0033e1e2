"""Values made from the protos themselves: right request bodies, and answers with every field set."""

from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from services.gateway.entrypoints.http.operations import Operation
from services.gateway.entrypoints.translate import short_names

TIME = "2026-01-31T12:00:00.250Z"
_BY_PATTERN = {
    "^[A-Z]{3}$": "EUR",
    "^[A-Z]{2}$": "PL",
    "^[A-D]$": "B",
    "^[A-Za-z0-9_-]{1,64}$": "id-1",
    "^[A-Za-z0-9_-]{0,64}$": "id-2",
}


def path_of(operation: Operation) -> str:
    """The operation's path with an id in each place."""
    return operation.path.format(**dict.fromkeys(operation.path_fields, "id-1"))


def body_of(operation: Operation) -> dict[str, Any]:
    """A right body with every field of the request set."""
    message: Any = operation.method.input_type
    if operation.body_field:
        return body(message.fields_by_name[operation.body_field].message_type)
    return body(message, without={"ctx", *operation.path_fields})


def body(message: Any, without: set[str] | frozenset[str] = frozenset()) -> dict[str, Any]:
    return {field.name: _sent(field) for field in message.fields if field.name not in without}


def _sent(field: Any) -> Any:
    rules = field.GetOptions().Extensions[validate_pb2.field]
    one = _one_sent(field, rules)
    return [one] if field.is_repeated else one


def _one_sent(field: Any, rules: validate_pb2.FieldRules) -> Any:
    if field.message_type is not None:
        return TIME if field.message_type.name == "Timestamp" else body(field.message_type)
    if field.enum_type is not None:
        refused = set(rules.enum.not_in) | {0}
        return next(name for number, name in short_names(field.enum_type).items() if number not in refused)
    if field.type == FieldDescriptor.TYPE_STRING:
        return _BY_PATTERN[rules.string.pattern] if rules.string.pattern else "tx"
    return max(1, rules.int32.gte, rules.int64.gte)


def answer(method: Any) -> Any:
    """The method's answer with every field set, each list with two."""
    return filled(GetMessageClass(method.output_type)())


def filled(message: Any) -> Any:
    for field in message.DESCRIPTOR.fields:
        if field.is_repeated:
            target = getattr(message, field.name)
            for _ in range(2):
                if field.message_type is not None:
                    filled(target.add())
                else:
                    target.append(_received(field))
        elif field.message_type is None:
            setattr(message, field.name, _received(field))
        elif field.message_type.name == "Timestamp":
            getattr(message, field.name).FromJsonString(TIME)
        else:
            filled(getattr(message, field.name))
    return message


def _received(field: Any) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    return {
        FieldDescriptor.TYPE_STRING: "EUR" if field.name == "currency" else "text-1",
        FieldDescriptor.TYPE_BYTES: b"\x00\xff",
        FieldDescriptor.TYPE_BOOL: True,
    }.get(field.type, 7)
