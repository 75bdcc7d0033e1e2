"""Single values of JSON bodies and parameters that need more than a type."""

import base64
import binascii
import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _spelled(value: object) -> object:
    # Pydantic would take "1700000000" for a time as well.
    if not isinstance(value, str) or _RFC_3339.fullmatch(value) is None:
        raise ValueError("send a time with its zone as RFC 3339 has it, such as 2026-01-31T12:00:00Z")
    return value


def _in_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is outside the years 1 to 9999 in UTC") from None


def _base64(value: str) -> str:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("send bytes as base64") from None
    return value


# Not strict, because behind a validator of ours pydantic takes text for a Python value, not for JSON.
Instant = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_spelled), AfterValidator(_in_utc)]
Base64Text = Annotated[str, AfterValidator(_base64), Field(json_schema_extra={"contentEncoding": "base64"})]
PageLimit = Annotated[int, Field(ge=1, le=100)]
Cursor = Annotated[str, Field(max_length=256, pattern="^[A-Za-z0-9_-]*$")]
