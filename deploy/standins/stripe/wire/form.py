from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import parse_qsl

from deploy.standins.stripe.wire.errors import malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from deploy.standins.stripe.wire.errors import StripeError

Node: TypeAlias = "str | dict[str, Node]"

MAX_FIELDS = 500
MAX_DEPTH = 5
MAX_AMOUNT = 99_999_999  # Stripe's ceiling: eight digits
_SEGMENT = re.compile(r"[^\[\]]+")


def parse_pairs(text: str) -> list[tuple[str, str]]:
    """Split a query string or form body; over `MAX_FIELDS` fields is a 400."""
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError as cause:
        raise malformed(f"Too many parameters: at most {MAX_FIELDS} are accepted") from cause


class Form:
    """The parameters of one request, read by name and type as Stripe reads them."""

    def __init__(self, values: Mapping[str, Node]) -> None:
        self._values = values

    @classmethod
    def from_pairs(cls, pairs: list[tuple[str, str]]) -> Form:
        """Nest `metadata[leg_id]=x` and `types[]=x` the way Stripe does."""
        root: dict[str, Node] = {}
        for name, value in pairs:
            _insert(root, name, value)
        return cls(root)

    def only(self, *names: str) -> None:
        """Refuse any parameter that the endpoint does not know."""
        for name in self._values:
            if name not in names and name != "expand":
                message = f"Received unknown parameter: {name}"
                raise malformed(message, code="parameter_unknown", param=name)

    def has(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str | None:
        value = self._values.get(name)
        if isinstance(value, dict):
            raise malformed("Invalid string: a hash was given", param=name)
        return value or None

    def required_text(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise _missing(name)
        return value

    def choice(self, name: str, allowed: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise malformed(f"Invalid {name}: must be one of {', '.join(allowed)}", param=name)
        return value

    def integer(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            message = f"Invalid integer: {value[:40]}"
            raise malformed(message, code="parameter_invalid_integer", param=name)
        return int(value)

    def amount(self, name: str) -> int | None:
        """Minor units: a positive integer of at most eight digits."""
        value = self.integer(name)
        if value is not None and value < 1:
            raise malformed("Invalid positive integer", code="parameter_invalid_integer", param=name)
        if value is not None and value > MAX_AMOUNT:
            message = "Amount must be no more than 999,999.99"
            raise malformed(message, code="amount_too_large", param=name)
        return value

    def required_amount(self, name: str) -> int:
        value = self.amount(name)
        if value is None:
            raise _missing(name)
        return value

    def flag(self, name: str) -> bool | None:
        value = self.text(name)
        if value not in (None, "true", "false"):
            raise malformed(f"Invalid boolean: {value[:40]}", param=name)
        return None if value is None else value == "true"

    def texts(self, name: str) -> list[str]:
        """An array parameter; a single value counts as an array of one."""
        value = self._values.get(name)
        if isinstance(value, dict):
            return [item for item in value.values() if isinstance(item, str)]
        return [value] if value else []

    def is_hash(self, name: str) -> bool:
        return isinstance(self._values.get(name), dict)

    def hash(self, name: str) -> Form:
        """A nested hash; an absent one is empty."""
        value = self._values.get(name, {})
        if isinstance(value, str):
            raise malformed("Invalid object", param=name)
        return Form(value)

    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def metadata(self) -> dict[str, str] | None:
        """The metadata hash within Stripe's limits, `{}` when it was sent empty, None if absent."""
        if not self.has("metadata"):
            return None
        if not self._values["metadata"]:
            return {}
        form = self.hash("metadata")
        if len(form.names()) > 50:
            raise malformed("Metadata can have up to 50 keys", param="metadata")
        return {name: _metadata_value(name, form.text(name) or "") for name in form.names()}


def _missing(name: str) -> StripeError:
    return malformed(f"Missing required param: {name}.", code="parameter_missing", param=name)


def _metadata_value(name: str, value: str) -> str:
    if len(name) > 40:
        raise malformed(f"Metadata keys can be up to 40 characters: {name[:60]}", param="metadata")
    if len(value) > 500:
        message = f"Metadata values must be strings of at most 500 characters: {name}"
        raise malformed(message, param=f"metadata[{name}]")
    return value


def _insert(root: dict[str, Node], name: str, value: str) -> None:
    segments = _SEGMENT.findall(name)
    if not segments or len(segments) > MAX_DEPTH:
        raise malformed("Invalid parameter name", param=name[:100])
    if name.endswith("[]"):
        segments.append("")
    level = root
    for segment in segments[:-1]:
        inner = level.setdefault(segment, {})
        if isinstance(inner, str):
            raise malformed("A parameter is both a value and a hash", param=name[:100])
        level = inner
    last = segments[-1] or str(len(level))
    if isinstance(level.get(last), dict):
        raise malformed("A parameter is both a value and a hash", param=name[:100])
    level[last] = value
