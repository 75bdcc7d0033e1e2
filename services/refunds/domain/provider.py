"""What the payment provider tells us, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.kernel.money import Money


class ProviderStatus(StrEnum):
    """Where the provider says a refund is. `succeeded` is not final: the bank may still return it."""

    PENDING = "pending"
    REQUIRES_ACTION = "requires_action"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund at the provider. `leg_id` is from its metadata; empty = we did not make it."""

    id: str
    status: ProviderStatus
    amount: Money
    provider_payment_id: str
    leg_id: str = ""
    failure_reason: str = ""


@dataclass(frozen=True, slots=True)
class ProviderMovement:
    """A balance transaction of a refund.

    `amount` is positive when money went out, negative when it came back; `fee` is what the provider took.
    """

    id: str
    refund_id: str
    amount: Money
    fee: Money
    at: datetime
    came_back: bool = False


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A webhook whose signature was right. `refund` is None for events about something else."""

    id: str
    type: str
    created_at: datetime
    object_id: str
    refund: ProviderRefund | None = None


@dataclass(frozen=True, slots=True)
class RefundOrder:
    """What to ask the provider for: one attempt of one leg. No personal data."""

    leg_id: str
    refund_id: str
    attempt: int
    provider_payment_id: str
    amount: Money


class Trouble(StrEnum):
    """Why a call did not give a refund (refunds.md 4.4)."""

    NETWORK = "NETWORK"  # the outcome is not known
    SERVER_ERROR = "SERVER_ERROR"  # 5xx: stored under our key, perhaps with an effect
    IN_PROGRESS = "IN_PROGRESS"  # 409: another call with our key is under way
    RATE_LIMITED = "RATE_LIMITED"
    ALREADY_REFUNDED = "ALREADY_REFUNDED"  # refunded, or more than what is left
    DISPUTED = "DISPUTED"
    KEY_MISMATCH = "KEY_MISMATCH"  # our key with other parameters: a bug of ours
    REFUSED = "REFUSED"
    UNAUTHORISED = "UNAUTHORISED"


@dataclass(eq=False)
class ProviderTroubleError(Exception):
    """A call to the provider that did not give what was asked. `retry_after` is in seconds."""

    trouble: Trouble
    message: str
    code: str = ""
    retry_after: float | None = None

    def __str__(self) -> str:
        return f"{self.trouble} {self.code}: {self.message}"


class BadSignatureError(Exception):
    """A webhook that the provider did not sign with a secret of ours, or too long ago."""


class UnreadableEventError(Exception):
    """A webhook with a right signature that is not an event snapshot."""
