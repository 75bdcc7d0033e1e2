from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import PlannedRefund, required
from deploy.standins.stripe.account.money import shown
from deploy.standins.stripe.resources import refund_life
from deploy.standins.stripe.resources.cards import RefundCourse, refund_course
from deploy.standins.stripe.resources.customers import merged_metadata
from deploy.standins.stripe.resources.listing import PAGING, page
from deploy.standins.stripe.wire.errors import malformed, refused

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import Call, StripeObject
    from deploy.standins.stripe.wire.form import Form

_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create(account: Account, call: Call) -> StripeObject:
    """Refund a charge, in full unless an `amount` is given, by Stripe's rules and messages."""
    form = call.form
    form.only(
        *("payment_intent", "charge", "amount", "reason", "metadata"),
        *("instructions_email", "refund_application_fee", "reverse_transfer"),
    )
    wanted, metadata = form.amount("amount"), form.metadata() or {}
    reason = form.choice("reason", _REASONS)
    charge = _charge_to_refund(account, form)
    amount = _refundable(account, charge, wanted)
    plan, course = _course(account, charge)
    funded = refund_life.can_fund(account, charge, amount)
    if not funded and account.ledger.when_short == "refuse":
        message = "Insufficient funds in your Stripe balance to refund this amount."
        raise refused(message, code="balance_insufficient")
    if not funded:
        plan, course = PlannedRefund("pending", "insufficient_funds", plan.fee), RefundCourse()
    refund = account.refunds.add(_new_refund(account, charge, amount, plan))
    refund.update(metadata=metadata, reason=reason)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    if funded:
        refund_life.fund(account, refund, plan.fee)
    else:
        account.unfunded_refunds.append(refund["id"])
    account.emit("refund.created", refund, origin=call.origin)
    account.emit("charge.refunded", charge, origin=call.origin)
    if course.then:
        refund_life.schedule(account, refund, course.then, course.failure_reason)
    return refund


def retrieve(account: Account, call: Call) -> StripeObject:
    return required(account.refunds, call.target)


def update(account: Account, call: Call) -> StripeObject:
    call.form.only("metadata")
    sent = call.form.metadata()
    refund = required(account.refunds, call.target)
    before = refund["metadata"]
    refund["metadata"] = merged_metadata(before, sent)
    if refund["metadata"] != before:
        changed = {"metadata": before}
        account.emit("refund.updated", refund, origin=call.origin, previous=changed)
    return refund


def list_all(account: Account, call: Call) -> StripeObject:
    call.form.only("payment_intent", "charge", *PAGING)
    return page(account.refunds, call, "payment_intent", "charge")


def cancel(account: Account, call: Call) -> StripeObject:
    """Cancel a refund that waits for the customer; no other refund can be canceled."""
    call.form.only()
    refund = required(account.refunds, call.target)
    if refund["status"] != "requires_action":
        message = (
            "Only refunds with status requires_action can be canceled; "
            f"this refund has status {refund['status']}."
        )
        raise refused(message)
    refund_life.transition(account, refund, "canceled", "merchant_request", origin=call.origin)
    return refund


def _charge_to_refund(account: Account, form: Form) -> StripeObject:
    intent_id, charge_id = form.text("payment_intent"), form.text("charge")
    if intent_id and charge_id:
        raise malformed("You may only specify one of these parameters: charge, payment_intent.")
    if not intent_id and not charge_id:
        message = "One of the following params should be provided for this request: payment_intent or charge."
        raise malformed(message, code="parameter_missing")
    if intent_id:
        intent = required(account.payment_intents, intent_id, "payment_intent")
        charge_id = intent["latest_charge"] if intent["status"] == "succeeded" else None
        if charge_id is None:
            message = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
            raise refused(message)
    charge = required(account.charges, charge_id or "", "charge")
    if not charge["captured"]:
        raise refused(f"Charge {charge['id']} has not been captured; cannot issue a refund.")
    return charge


def _refundable(account: Account, charge: StripeObject, wanted: int | None) -> int:
    """Return the amount to refund, or raise the refusal Stripe gives for this charge."""
    left: int = charge["amount_captured"] - charge["amount_refunded"]
    if left <= 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise refused(message, code="charge_already_refunded")
    disputes = account.disputes.newest_first({"charge": charge["id"]})
    if any(not dispute["is_charge_refundable"] for dispute in disputes):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise refused(message, code="charge_disputed")
    amount = left if wanted is None else wanted
    if amount > left:
        currency = charge["currency"]
        message = (
            f"Refund amount ({shown(amount, currency)}) is greater than unrefunded amount on "
            f"charge ({shown(left, currency)})"
        )
        raise refused(message, param="amount")  # Stripe gives this one no code
    return amount


def _course(account: Account, charge: StripeObject) -> tuple[PlannedRefund, RefundCourse]:
    """Say how the refund starts and goes on: as planned by a control, else as its card has it."""
    if account.planned_refunds:
        return account.planned_refunds.pop(0), RefundCourse()
    method = required(account.payment_methods, charge["payment_method"])
    if method["type"] == "customer_balance":
        # A bank transfer cannot be sent back before the customer names an account.
        return PlannedRefund("requires_action"), RefundCourse()
    course = refund_course(account.card_numbers[method["id"]])
    return PlannedRefund(course.status, course.pending_reason), course


def _new_refund(account: Account, charge: StripeObject, amount: int, plan: PlannedRefund) -> StripeObject:
    """Build a refund. Fields that do not apply are absent, as at Stripe: the SDK raises on them."""
    refund: StripeObject = {
        "id": account.new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": account.clock.now(),
        "currency": charge["currency"],
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": plan.status,
        "transfer_reversal": None,
    }
    if plan.status == "pending":
        refund["pending_reason"] = plan.pending_reason or "processing"
    refund_life.describe_destination(account, refund)
    return refund
