"""Every reason this service answers with; the names are the spec's."""

from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind
from services.chassis.kernel.money import Money

REQUEST_ID_REUSED = "REQUEST_ID_REUSED"


def key_required() -> AftercareError:
    """A mutation came without an idempotency key."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "IDEMPOTENCY_KEY_REQUIRED",
        "set ctx.idempotency_key: it makes a repeated request harmless",
        violations=(FieldViolation("ctx.idempotency_key", "must not be empty"),),
    )


def bad_amount(amount: Money) -> AftercareError:
    """A refund of nothing or less."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "BAD_AMOUNT",
        f"cannot refund {amount.minor} {amount.currency}: the amount must be above 0",
        {"amount": str(amount.minor), "currency": amount.currency},
        (FieldViolation("amount.minor", "must be above 0"),),
    )


def currency_mismatch(asked: str, paid: str) -> AftercareError:
    """Money of another currency than what was paid."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "CURRENCY_MISMATCH",
        f"the order was paid in {paid}, not in {asked}",
        {"asked": asked, "paid": paid},
    )


def payment_not_found(order_id: str) -> AftercareError:
    """No payment of the order is known (yet)."""
    return AftercareError(
        Kind.NOT_FOUND,
        "PAYMENT_NOT_FOUND",
        f"no payment of order {order_id} is known; import it or wait for its order.paid event",
        {"order_id": order_id},
    )


def over_cap(amount: Money, refundable: Money) -> AftercareError:
    """More than what was captured and not refunded yet."""
    return AftercareError(
        Kind.FAILED_PRECONDITION,
        "OVER_CAP",
        f"cannot refund {amount}: {refundable} is left of what was captured",
        {
            "amount": str(amount.minor),
            "refundable": str(refundable.minor),
            "currency": amount.currency,
        },
    )


def request_id_reused() -> AftercareError:
    """The same key for another refund."""
    return AftercareError(
        Kind.ALREADY_EXISTS,
        REQUEST_ID_REUSED,
        "this idempotency key was used for another refund; use a new key for a new intent",
    )


def refund_not_found(refund_id: str) -> AftercareError:
    """No such refund of this tenant."""
    return AftercareError(
        Kind.NOT_FOUND, "REFUND_NOT_FOUND", f"no refund {refund_id}", {"refund_id": refund_id}
    )


def not_captured(captured: Money) -> AftercareError:
    """A payment without captured money."""
    return AftercareError(
        Kind.FAILED_PRECONDITION,
        "NOT_CAPTURED",
        "only captured payments can be refunded: captured must be above 0",
        {"captured": str(captured.minor)},
    )


def provider_payment_id_required() -> AftercareError:
    """A Stripe payment without its PaymentIntent."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "PROVIDER_PAYMENT_ID_REQUIRED",
        "a Stripe payment needs the id of its PaymentIntent (pi_…) or charge (ch_…)",
        violations=(FieldViolation("payment.provider_payment_id", "must not be empty for PROVIDER_STRIPE"),),
    )


def duplicate_payment(payment_id: str) -> AftercareError:
    """The payment is known with other figures."""
    return AftercareError(
        Kind.ALREADY_EXISTS,
        "DUPLICATE_PAYMENT",
        "this payment was taken over before with another order, amount or provider",
        {"payment_id": payment_id},
    )


def bad_webhook_signature() -> AftercareError:
    """A webhook that Stripe did not sign for us."""
    return AftercareError(
        Kind.UNAUTHENTICATED,
        "BAD_WEBHOOK_SIGNATURE",
        "the signature fits none of our webhook secrets or is older than 5 minutes",
    )


def bad_webhook_body(detail: str) -> AftercareError:
    """Signed, but not an event snapshot (a thin event, say)."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "BAD_WEBHOOK_BODY",
        f"not an event snapshot: {detail}",
        violations=(FieldViolation("raw_body", "must be a snapshot event"),),
    )


def bad_period() -> AftercareError:
    """A period that is empty or runs backwards."""
    return AftercareError(
        Kind.INVALID_ARGUMENT,
        "BAD_PERIOD",
        "from_time must be before to_time",
        violations=(FieldViolation("to_time", "must be after from_time"),),
    )


def psp_down(detail: str) -> AftercareError:
    """The provider cannot be asked. Only reads answer so; CreateRefund never does."""
    return AftercareError(
        Kind.UNAVAILABLE,
        "PSP_DOWN",
        f"the payment provider did not answer: {detail}",
        retry_after=5.0,
    )


def run_not_found(run_id: str) -> AftercareError:
    """No such reconciliation run of this tenant."""
    return AftercareError(Kind.NOT_FOUND, "RUN_NOT_FOUND", f"no run {run_id}", {"run_id": run_id})
