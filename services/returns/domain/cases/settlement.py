"""What is owed, sent out once per key, and what came of it."""

from dataclasses import dataclass, replace
from enum import StrEnum

from services.chassis.kernel.money import Money
from services.returns.domain.orders.tender_split import Share
from services.returns.domain.quoting.totals import Totals


class Leg(StrEnum):
    """One half of a settlement: the money at refunds, the points at loyalty."""

    NOT_NEEDED = "NOT_NEEDED"
    OPEN = "OPEN"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class SettledLine:
    """Units of a line and what they are worth back, money and points together."""

    line_id: str
    quantity: int
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One command to refunds and loyalty. `refund_sequence` orders what refunds tells about it."""

    number: int
    key: str
    trigger: str
    totals: Totals
    share: Share
    lines: tuple[SettledLine, ...]
    refund: Leg
    points: Leg
    refund_sequence: int = 0

    @property
    def is_settled(self) -> bool:
        """Whether all legs arrived."""
        return {self.refund, self.points} <= {Leg.DONE, Leg.NOT_NEEDED}

    def with_refund(self, leg: Leg, sequence: int) -> "Settlement":
        """After word from refunds; older word than what is known changes nothing."""
        if sequence <= self.refund_sequence:
            return self
        return replace(self, refund=leg, refund_sequence=sequence)


def settlement_key(return_id: str, number: int) -> str:
    """The key that refunds and loyalty see; equal keys are one settlement."""
    return f"return:{return_id}:settlement:{number}"


def return_id_of(key: str) -> str | None:
    """The return in a settlement key, or None when the key is somebody else's."""
    parts = key.split(":")
    if len(parts) == 4 and parts[0] == "return" and parts[2] == "settlement":
        return parts[1]
    return None
