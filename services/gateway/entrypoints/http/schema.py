"""What a body must look like, read off the protos: field types, bounds, patterns, nothing unknown.

The services check the same rules again; checking here gives the caller a JSON pointer, and the OpenAPI
document the truth.
"""

from collections.abc import Collection
from typing import Annotated, Any, Literal, Optional

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model

from services.gateway.adapters.upstreams.translate import short_names

_TIMESTAMP = "google.protobuf.Timestamp"
_INTS = {FieldDescriptor.CPPTYPE_INT32: 32, FieldDescriptor.CPPTYPE_INT64: 64}
_models: dict[tuple[str, frozenset[str], bool], type[BaseModel]] = {}


class Body(BaseModel):
    """The root of every body: strict types, nothing unknown."""

    model_config = ConfigDict(extra="forbid", strict=True)


def request_model(message: Descriptor, without: Collection[str] = ()) -> type[BaseModel]:
    """The model of a request's JSON body: the message without its context and what the path says."""
    return _model(message, frozenset({"ctx", *without}), request=True)


def answer_model(message: Descriptor) -> type[BaseModel]:
    """The model of an answer, for the OpenAPI document and for tests."""
    return _model(message, frozenset(), request=False)


def _model(message: Descriptor, without: frozenset[str], *, request: bool) -> type[BaseModel]:
    key = (message.full_name, without, request)
    if key not in _models:
        fields: dict[str, Any] = {
            field.name: _field(field, request=request)
            for field in message.fields
            if field.name not in without
        }
        _models[key] = create_model(_name(message, request=request), __base__=Body, **fields)
    return _models[key]


def _name(message: Descriptor, *, request: bool) -> str:
    # `Order` is both sent and received; what is sent has fewer required fields, so it has its own name.
    nested = message.full_name.split(".v1.")[-1].replace(".", "")
    return f"{nested}Input" if request and not nested.endswith("Request") else nested


def _field(field: Any, *, request: bool) -> tuple[Any, Any]:  # noqa: ANN401 - either descriptor class
    rules = field.GetOptions().Extensions[validate_pb2.field]
    kind: Any = _type(field, rules, request=request)
    if field.is_repeated:
        bounds = rules.repeated
        kind = Annotated[
            list[kind], Field(min_length=bounds.min_items or None, max_length=bounds.max_items or None)
        ]
        required = bounds.min_items > 0 if request else True
        return (kind, ... if required else Field(default_factory=list))
    if not request:
        return (kind, ...) if field.message_type is None else (Optional[kind], None)  # noqa: UP045 - dynamic
    if rules.required or _must_be_set(field, rules):
        return (kind, ...)
    return (Optional[kind], None)  # noqa: UP045 - dynamic


def _must_be_set(field: Any, rules: validate_pb2.FieldRules) -> bool:  # noqa: ANN401 - the same
    """Whether the empty value breaks the rules, so that leaving the field out cannot be right."""
    if rules.string.min_len or (rules.string.pattern and not _matches_empty(rules.string.pattern)):
        return True
    if field.enum_type is not None:
        return 0 in rules.enum.not_in
    return rules.int32.gte > 0 or rules.int64.gte > 0 or 0 in rules.int64.not_in


def _matches_empty(pattern: str) -> bool:
    return "{0," in pattern


def _type(field: Any, rules: validate_pb2.FieldRules, *, request: bool) -> Any:  # noqa: ANN401 - a type
    if field.message_type is not None:
        if field.message_type.full_name == _TIMESTAMP:
            return AwareDatetime
        return _model(field.message_type, frozenset(), request=request)
    if field.enum_type is not None:
        return _enum(field.enum_type, rules, request=request)
    if field.type == FieldDescriptor.TYPE_BOOL:
        return bool
    bits = _INTS.get(field.cpp_type)
    if bits is not None:
        return _integer(bits, rules.int32 if bits == 32 else rules.int64, request=request)
    return _text(rules) if request else str


def _enum(enum: Any, rules: validate_pb2.FieldRules, *, request: bool) -> Any:  # noqa: ANN401 - a type
    refused = set(rules.enum.not_in) if request else set()
    return Literal[tuple(name for number, name in short_names(enum).items() if number not in refused)]


def _integer(bits: int, rules: Any, *, request: bool) -> Any:  # noqa: ANN401 - Int32Rules or Int64Rules
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if request and rules.HasField("gte"):
        low = rules.gte
    if request and rules.HasField("lte"):
        high = rules.lte
    return Annotated[int, Field(ge=low, le=high)]


def _text(rules: validate_pb2.FieldRules) -> Any:  # noqa: ANN401 - a type
    text = rules.string
    return Annotated[
        str,
        Field(
            min_length=text.min_len or None,
            max_length=text.max_len or None,
            pattern=text.pattern or None,
        ),
    ]
