"""What this service tells others; adapters/event_payloads.py turns these into refunds_events.proto."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.money import Money

PAYMENT_IMPORTED = "payment.imported"
REFUND_REQUESTED = "refund.requested"
LEG_SUCCEEDED = "refund.leg.succeeded"
LEG_FAILED = "refund.leg.failed"
REFUND_COMPLETED = "refund.completed"
REFUND_FAILED = "refund.failed"
EXTERNAL_DETECTED = "refund.external_detected"


@dataclass(frozen=True, slots=True)
class PaymentImported:
    """A payment can now be refunded."""

    payment_id: str
    order_id: str
    captured: Money


@dataclass(frozen=True, slots=True)
class RefundRequested:
    """Money is owed."""

    refund_id: str
    order_id: str
    return_id: str
    amount: Money


@dataclass(frozen=True, slots=True)
class RefundLegSettled:
    """One movement of money is known: it went through, came back or was refused."""

    refund_id: str
    leg_id: str
    provider_refund_id: str
    amount: Money
    failure_reason: str = ""


@dataclass(frozen=True, slots=True)
class RefundCompleted:
    """All legs went through (`refund.completed`), or one did not (`refund.failed`)."""

    refund_id: str
    order_id: str
    return_id: str
    request_key: str
    amount: Money
    completed_at: datetime


@dataclass(frozen=True, slots=True)
class ExternalRefundDetected:
    """Money went out that we did not send."""

    provider_refund_id: str
    provider_payment_id: str
    amount: Money
