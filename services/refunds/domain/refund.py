"""Money owed to a customer: what its legs add up to."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.money import Money
from services.refunds.domain import events
from services.refunds.domain.leg import LOST, Leg, LegState


class RefundState(StrEnum):
    """Life cycle."""

    PROCESSING = "PROCESSING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(slots=True)
class Refund:
    """A refund.

    `request_key` is the key it was asked for with, unique for ever within the tenant; `fingerprint` tells a
    retry from another intent under the same key. `sequence` is that of its last event.
    """

    tenant_id: str
    refund_id: str
    order_id: str
    return_id: str
    amount: Money
    reason: str
    request_key: str
    created_at: datetime
    state: RefundState = RefundState.PROCESSING
    completed_at: datetime | None = None
    failure_reason: str = ""
    sequence: int = 0
    version: int = 0
    told: list[DomainEvent] = field(default_factory=list, compare=False)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the intent."""
        parts = (self.order_id, self.return_id, str(self.amount.minor), self.amount.currency, self.reason)
        return hashlib.sha256("|".join(parts).encode()).hexdigest()

    def request(self) -> None:
        """Tell that money is owed."""
        data = events.RefundRequested(self.refund_id, self.order_id, self.return_id, self.amount)
        self.tell(events.REFUND_REQUESTED, self.created_at, data)

    def tell_leg(self, leg: Leg, before: LegState, now: datetime) -> None:
        """Tell that a leg went through or was lost, when that is new."""
        if leg.state is before:
            return
        data = events.RefundLegSettled(
            self.refund_id, leg.leg_id, leg.provider_refund_id, leg.amount, leg.failure_reason
        )
        if leg.state is LegState.SUCCEEDED:
            self.tell(events.LEG_SUCCEEDED, now, data)
        elif leg.state in LOST:
            self.tell(events.LEG_FAILED, now, data)

    def judge(self, legs: Sequence[Leg], now: datetime) -> None:
        """Draw the sum: failed when a leg is lost, done when all went through (at once without legs).

        A refund that was done can still fail: the bank may return the money weeks later.
        """
        if any(leg.state in LOST for leg in legs):
            self._end(RefundState.FAILED, events.REFUND_FAILED, now)
        elif all(leg.state is LegState.SUCCEEDED for leg in legs):
            self._end(RefundState.SUCCEEDED, events.REFUND_COMPLETED, now)

    def fail(self, reason: str, now: datetime) -> None:
        """Nothing can be sent at all."""
        self.failure_reason = reason
        self._end(RefundState.FAILED, events.REFUND_FAILED, now)

    def tell(self, event_type: str, at: datetime, data: object) -> None:
        """Keep an event to be sent with the next save."""
        self.sequence += 1
        self.told.append(DomainEvent(event_type, self.tenant_id, self.refund_id, self.sequence, at, data))

    def _end(self, state: RefundState, event_type: str, now: datetime) -> None:
        if self.state is state:
            return
        self.state, self.completed_at = state, now
        data = events.RefundCompleted(
            self.refund_id, self.order_id, self.return_id, self.request_key, self.amount, now
        )
        self.tell(event_type, now, data)
