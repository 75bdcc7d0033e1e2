"""Opaque page tokens."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 100

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """Some items and where the next ones begin; an empty token means the end."""

    items: Sequence[Item]
    next_page_token: str


def page_size(asked: int) -> int:
    """The size to use: 0 means the default, more than the maximum means the maximum."""
    return min(asked or DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)


def encode_token(position: str) -> str:
    """A position (an id, a number as text) as an opaque token."""
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=") if position else ""


def decode_token(token: str) -> str:
    """The position in a token. Raises INVALID_PAGE_TOKEN for one we did not make."""
    try:
        return base64.b64decode(token + "=" * (-len(token) % 4), "-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise AftercareError(
            Kind.INVALID_ARGUMENT,
            "INVALID_PAGE_TOKEN",
            "page_token must be the next_page_token of the previous answer, unchanged",
            violations=(FieldViolation("page_token", "not a token of ours"),),
        ) from error
