from __future__ import annotations

from dataclasses import dataclass

from deploy.standins.stripe.wire.errors import StripeError

REFUND_FAILS_LATER = "4000000000005126"
REFUND_SUCCEEDS_LATER = "4000000000007726"
DECLINED = "4000000000000002"

# Ready-made payment methods, by Stripe's names for them.
SHORTCUTS = {
    "pm_card_visa": "4242424242424242",
    "pm_card_mastercard": "5555555555554444",
    "pm_card_refundFail": REFUND_FAILS_LATER,
    "pm_card_pendingRefund": REFUND_SUCCEEDS_LATER,
    "pm_card_visa_chargeDeclined": DECLINED,
}
TOKENS = {"tok_visa": "4242424242424242", "tok_mastercard": "5555555555554444"}


@dataclass(frozen=True)
class RefundCourse:
    """How a refund to a card starts, and what becomes of it a moment later."""

    status: str = "succeeded"
    pending_reason: str | None = None
    then: str | None = None
    failure_reason: str | None = None


_COURSES = {
    REFUND_FAILS_LATER: RefundCourse(then="failed", failure_reason="expired_or_canceled_card"),
    REFUND_SUCCEEDS_LATER: RefundCourse("pending", "processing", then="succeeded"),
}


def refund_course(number: str) -> RefundCourse:
    """Return the course of refunds to this card; an unknown one refunds at once."""
    return _COURSES.get(number, RefundCourse())


def brand(number: str) -> str:
    return {"4": "visa", "5": "mastercard", "3": "amex"}.get(number[:1], "unknown")


def declined(intent_id: str) -> StripeError:
    """Return the answer to confirming a payment whose card is declined."""
    return StripeError(
        402,
        "card_error",
        "Your card was declined.",
        code="card_declined",
        extra={"decline_code": "generic_decline", "payment_intent_id": intent_id},
    )
