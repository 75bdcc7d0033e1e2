"""What a body must look like, read off the protos: field types, bounds, patterns, nothing unknown.

The services check the same rules again; checking here gives the caller a JSON pointer, and the OpenAPI
document the truth.
"""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, Optional

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, create_model

from services.gateway.entrypoints.http.scalars import Base64Text, Cursor, Instant, PageLimit
from services.gateway.entrypoints.translate import TIMESTAMP, short_names

_INTS = {FieldDescriptor.CPPTYPE_INT32: 32, FieldDescriptor.CPPTYPE_INT64: 64}
# Proto3 cannot tell 0 from "left out"; an amount that was forgotten must not become a free refund.
_NEVER_LEFT_OUT = {"aftercare.common.v1.Money.minor"}

# JSON names of list parameters against the protos' names.
SHOWN = {"page_size": "limit", "page_token": "cursor"}
# What an answer calls otherwise, and what it says in a header instead.
ANSWER_NAMES = {"next_page_token": "next_cursor"}
IN_HEADERS = {"replayed"}

_models: dict[tuple[str, frozenset[str], bool], type[BaseModel]] = {}


class Body(BaseModel):
    """The root of every body: strict types, nothing unknown."""

    model_config = ConfigDict(extra="forbid", strict=True)


def request_model(message: Descriptor, without: Collection[str] = ()) -> type[BaseModel]:
    """The model of a request's JSON body: the message without its context and what the path says."""
    return _model(message, frozenset({"ctx", *without}), request=True)


def answer_model(message: Descriptor) -> type[BaseModel]:
    """The model of an answer, for the OpenAPI document and for tests."""
    return _model(message, frozenset(IN_HEADERS), request=False)


def parameter_model(message: Descriptor, names: Collection[str], title: str) -> type[BaseModel]:
    """The model of path and query parameters, by the names that callers see, under the same rules."""
    special: Mapping[str, Any] = {
        "page_size": (Optional[PageLimit], None),  # noqa: UP045 - dynamic
        "page_token": (Optional[Cursor], None),  # noqa: UP045 - dynamic
    }
    fields = message.fields_by_name
    shapes: dict[str, Any] = {
        SHOWN.get(name, name): special.get(name) or _field(fields[name], request=True) for name in names
    }
    return create_model(title, __base__=Body, **shapes)


def _model(message: Descriptor, without: frozenset[str], *, request: bool) -> type[BaseModel]:
    key = (message.full_name, without, request)
    if key not in _models:
        fields: dict[str, Any] = {
            field.name if request else ANSWER_NAMES.get(field.name, field.name): _field(
                field, request=request
            )
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
    if rules.required or field.full_name in _NEVER_LEFT_OUT or _must_be_set(field, rules):
        return (kind, ...)
    return (Optional[kind], None)  # noqa: UP045 - dynamic


def _must_be_set(field: Any, rules: validate_pb2.FieldRules) -> bool:  # noqa: ANN401 - the same
    """Whether the empty value breaks the rules, so that leaving the field out cannot be right."""
    if rules.string.min_len or (rules.string.pattern and not re.search(rules.string.pattern, "")):
        return True
    if field.enum_type is not None:
        return 0 in rules.enum.not_in
    return any(bounds.gte > 0 or 0 in bounds.not_in for bounds in (rules.int32, rules.int64))


def _type(field: Any, rules: validate_pb2.FieldRules, *, request: bool) -> Any:  # noqa: ANN401 - a type
    if field.message_type is not None:
        if field.message_type.full_name == TIMESTAMP:
            return Instant if request else AwareDatetime
        return _model(field.message_type, frozenset(), request=request)
    if field.enum_type is not None:
        return _enum(field.enum_type, rules, request=request)
    bits = _INTS.get(field.cpp_type)
    if bits is not None:
        return _integer(bits, rules.int32 if bits == 32 else rules.int64, request=request)
    plain: dict[int, Any] = {
        FieldDescriptor.TYPE_BOOL: bool,
        FieldDescriptor.TYPE_BYTES: Base64Text if request else str,
        FieldDescriptor.TYPE_STRING: _text(rules) if request else str,
    }
    if field.type not in plain:
        raise NotImplementedError(f"{field.full_name}: this kind of field has no JSON form here yet")
    return plain[field.type]


def _enum(enum: Any, rules: validate_pb2.FieldRules, *, request: bool) -> Any:  # noqa: ANN401 - a type
    refused = set(rules.enum.not_in) if request else set()
    return Literal[tuple(name for number, name in short_names(enum).items() if number not in refused)]


def _integer(bits: int, rules: Any, *, request: bool) -> Any:  # noqa: ANN401 - Int32Rules or Int64Rules
    written: Any = {"format": f"int{bits}"}
    if not request:
        return Annotated[int, Field(json_schema_extra=written)]
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    if rules.HasField("gte"):
        low = rules.gte
    if rules.HasField("lte"):
        high = rules.lte
    if 0 in rules.not_in:
        written["not"] = {"const": 0}
    return Annotated[int, Field(ge=low, le=high, json_schema_extra=written)]


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
