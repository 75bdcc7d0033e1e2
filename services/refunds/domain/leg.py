"""One movement of money back to the customer, and what its sender remembers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.chassis.kernel.money import Money
from services.refunds.domain.provider import RefundOrder


class LegKind(StrEnum):
    """The way back."""

    ORIGINAL_PAYMENT = "ORIGINAL_PAYMENT"
    MANUAL_BANK = "MANUAL_BANK"


class LegState(StrEnum):
    """Life cycle (refunds.md 4.2)."""

    READY = "READY"
    SENDING = "SENDING"
    PENDING = "PENDING"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    RETRY_WAIT = "RETRY_WAIT"
    UNKNOWN = "UNKNOWN"
    REJECTED = "REJECTED"
    BLOCKED_DISPUTE = "BLOCKED_DISPUTE"
    MANUAL = "MANUAL"


LOST = frozenset({LegState.FAILED, LegState.CANCELED, LegState.REJECTED})


class Doubt(StrEnum):
    """Why a leg's fate is not known, which says how to find out."""

    NONE = "NONE"
    NETWORK = "NETWORK"
    SERVER_ERROR = "SERVER_ERROR"
    REFUNDED_OUTSIDE = "REFUNDED_OUTSIDE"
    KEY_MISMATCH = "KEY_MISMATCH"


@dataclass(frozen=True, slots=True)
class Lease:
    """Who works on a leg, and until when nobody else does."""

    owner: str
    until: datetime


@dataclass(slots=True)
class Leg:
    """A leg. `due_at` is when its sender must look at it again; None = only when told.

    `idempotency_key`, `params` (the provider's own, ready to send) and `first_sent_at` belong to the
    present attempt and never change within it. `attempt` grows only after proof that the last one left
    nothing behind. `rank` orders what the provider said (refunds.md 4.2). `tries` counts for the back-off.
    """

    tenant_id: str
    leg_id: str
    refund_id: str  # empty: made outside of us
    kind: LegKind
    payment_id: str
    provider_payment_id: str
    amount: Money
    state: LegState
    created_at: datetime
    due_at: datetime | None = None
    attempt: int = 0
    idempotency_key: str = ""
    params: Mapping[str, object] = field(default_factory=dict)
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None
    wire_calls: int = 0
    tries: int = 0
    doubt: Doubt = Doubt.NONE
    provider_refund_id: str = ""
    rank: int = 0
    posted: bool = False
    failure_reason: str = ""
    lease: Lease | None = None
    version: int = 0

    def order(self, attempt: int) -> RefundOrder:
        """What to ask the provider for in that attempt."""
        return RefundOrder(self.leg_id, self.refund_id, attempt, self.provider_payment_id, self.amount)


def idempotency_key(account: str, leg_id: str, attempt: int, *, livemode: bool) -> str:
    """The provider's key of one attempt (refunds.md 4.3).

    The amount is no part of it: two equal partial refunds are rightful.
    """
    recipe = f"{account}|{str(livemode).lower()}|{leg_id}|{attempt}"
    return f"rf1:{hashlib.sha256(recipe.encode()).hexdigest()[:40]}"
