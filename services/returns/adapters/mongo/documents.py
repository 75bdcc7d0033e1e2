"""Dataclasses as documents and back: nested, by field name, money as {minor: int64, currency}."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

from bson import Int64
from pydantic import TypeAdapter

from services.chassis.kernel.money import Money

Value = TypeVar("Value")
_adapters: dict[type, TypeAdapter[Any]] = {}


def to_document(value: Any) -> Any:  # noqa: ANN401 - any field's value
    """What MongoDB keeps of a value."""
    if isinstance(value, Money):
        return {"minor": Int64(value.minor), "currency": value.currency}
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | bytes | datetime):
        return value
    if dataclasses.is_dataclass(value):
        return {f.name: to_document(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: to_document(each) for key, each in value.items()}
    return [to_document(each) for each in value]


def from_document(kind: type[Value], document: Mapping[str, Any]) -> Value:
    """The dataclass that a document keeps; fields of the document that it does not have are left out."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    found: Value = _adapters[kind].validate_python(document)
    return found
