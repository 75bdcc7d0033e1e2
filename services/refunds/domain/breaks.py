"""Things that should not be, kept until a person has explained them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.kernel.money import Money


class Alarm(StrEnum):
    """What was found while sending and recording."""

    DUPLICATE_REFUND = "DUPLICATE_REFUND"  # a second refund carries the leg's id
    REFUND_FAILED = "REFUND_FAILED"  # it came back after it had succeeded
    REFUNDED_OUTSIDE = "REFUNDED_OUTSIDE"  # the provider says nothing is left, and none of it was ours
    EXTERNAL_REFUND = "EXTERNAL_REFUND"  # made outside of us, taken into the books
    KEY_MISMATCH = "KEY_MISMATCH"  # our key with other parameters: a bug of ours
    UNPROVEN = "UNPROVEN"  # given to a person after the last attempt


@dataclass(frozen=True, slots=True)
class OpenBreak:
    """One finding; the same finding again is the same break."""

    tenant_id: str
    alarm: Alarm
    leg_id: str
    provider_refund_id: str
    amount: Money
    opened_at: datetime

    @property
    def break_id(self) -> str:
        """Deterministic, so that a finding is kept once."""
        return f"{self.alarm}:{self.leg_id}:{self.provider_refund_id}"
