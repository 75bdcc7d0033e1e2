from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection


class BodyError(Exception):
    """A control body that cannot be acted on; the text says what to change."""


class Body:
    """The JSON object of a control call, read by name and type."""

    def __init__(self, values: object, allowed: Collection[str]) -> None:
        if not isinstance(values, dict):
            raise BodyError("the body must be a JSON object")
        unknown = sorted(set(values) - set(allowed))
        if unknown:
            known = ", ".join(sorted(allowed)) or "none"
            raise BodyError(f"unknown field {unknown[0]!r}; known fields: {known}")
        self._values: dict[str, Any] = values

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        value = self._values.get(name, default)
        if not isinstance(value, str) or (not value and default is None) or len(value) > 2_000:
            raise BodyError(f"{name} must be a non-empty string")
        return value

    def choice(self, name: str, allowed: Collection[str], default: str | None = None) -> str:
        value = self._values.get(name, default)
        if value not in allowed:
            raise BodyError(f"{name} must be one of {', '.join(allowed)}; got {value!r}")
        return str(value)

    def integer(self, name: str, default: int | None = None, *, low: int, high: int) -> int:
        value = self._values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BodyError(f"{name} must be an integer from {low} to {high}; got {value!r}")
        return value

    def seconds(self, name: str, *, high: int) -> float:
        """A duration; fractions are allowed, since it only says how long to wait."""
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= high:
            raise BodyError(f"{name} must be a number of seconds from 0 to {high}; got {value!r}")
        return float(value)

    def flag(self, name: str, *, default: bool | None = None) -> bool:
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            raise BodyError(f"{name} must be true or false; got {value!r}")
        return value

    def texts(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        value = self._values.get(name, list(default))
        if not isinstance(value, list) or not value or len(value) > 100:
            raise BodyError(f"{name} must be a list of 1 to 100 strings")
        if not all(isinstance(item, str) and item for item in value):
            raise BodyError(f"{name} must be a list of non-empty strings")
        return tuple(value)

    def strings(self, name: str) -> dict[str, str]:
        """An object of at most 50 strings; absent is empty."""
        value = self._values.get(name, {})
        if not isinstance(value, dict) or len(value) > 50:
            raise BodyError(f"{name} must be an object of at most 50 strings")
        if not all(isinstance(item, str) for item in value.values()):
            raise BodyError(f"{name} must hold strings only")
        return value
