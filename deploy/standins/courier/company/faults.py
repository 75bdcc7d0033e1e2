"""Kurier's refusals: a number of its own, a sentence and an HTTP status."""

from __future__ import annotations

from typing import Any, Final


class Fault(Exception):  # noqa: N818 - Kurier's own word
    """Answered as `{"fault": {"no", "text", "fields"}}`."""

    def __init__(
        self,
        status: int,
        number: str,
        text: str,
        *,
        fields: tuple[tuple[str, str], ...] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(text)
        self.status = status
        self.number = number
        self.text = text
        self.fields = fields
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """What goes over the wire."""
        fields = [{"path": path, "rule": rule} for path, rule in self.fields]
        return {"fault": {"no": self.number, "text": self.text, "fields": fields}}


class NotServedFault(Fault):
    """E-4225: outside the network."""

    def __init__(self, text: str) -> None:
        super().__init__(422, "E-4225", text)


def field_fault(path: str, rule: str) -> Fault:
    """E-4220: one field is wrong."""
    return Fault(422, "E-4220", f"{path}: {rule}", fields=((path, rule),))


def product_fault(text: str) -> Fault:
    """E-4226: the product does not include this."""
    return Fault(422, "E-4226", text)


def missing_fault(kind: str, number: str) -> Fault:
    """E-4040: no such record."""
    return Fault(404, "E-4040", f"no {kind} {number}")


def conflict_fault(number: str, text: str) -> Fault:
    """A 409; the numbers are the constants below."""
    return Fault(409, number, text)


TERM_TAKEN: Final = "E-4091"
TOO_LATE: Final = "E-4092"
DRIVER_HAS_IT: Final = "E-4093"
REFERENCE_USED: Final = "E-4094"
VOIDED: Final = "E-4095"
HAS_COLLECTION: Final = "E-4096"
