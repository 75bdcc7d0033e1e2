from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import required
from deploy.standins.stripe.resources import cards, charges
from deploy.standins.stripe.resources.customers import merged_metadata, usable_payment_method
from deploy.standins.stripe.resources.listing import PAGING, page
from deploy.standins.stripe.wire.errors import malformed, refused

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import Call, StripeObject

# Accepted because callers send them; they change nothing here.
_WITHOUT_EFFECT = (
    "automatic_payment_methods",
    "confirmation_method",
    "off_session",
    "payment_method_types",
    "receipt_email",
    "return_url",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
)


def create(account: Account, call: Call) -> StripeObject:
    form = call.form
    form.only(
        *("amount", "currency", "customer", "payment_method", "confirm", "capture_method"),
        *("description", "metadata", *_WITHOUT_EFFECT),
    )
    amount = form.required_amount("amount")
    currency = form.required_text("currency").lower()
    if len(currency) != 3 or not currency.isalpha():
        raise malformed(f"Invalid currency: {currency[:20]}", param="currency")
    capture_method = form.choice("capture_method", ("automatic", "automatic_async", "manual"))
    metadata, confirm = form.metadata() or {}, form.flag("confirm")
    customer, method = form.text("customer"), form.text("payment_method")
    if customer is not None:
        required(account.customers, customer, "customer")
    method_id = usable_payment_method(account, method)["id"] if method else None
    intent: StripeObject = {
        "id": account.new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "canceled_at": None,
        "capture_method": capture_method or "automatic",
        "created": account.clock.now(),
        "currency": currency,
        "customer": customer,
        "description": form.text("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": metadata,
        "payment_method": method_id,
        "status": "requires_confirmation" if method_id else "requires_payment_method",
    }
    account.payment_intents.add(intent)
    account.emit("payment_intent.created", intent, origin=call.origin)
    return _confirmed(account, intent, call) if confirm else intent


def retrieve(account: Account, call: Call) -> StripeObject:
    return required(account.payment_intents, call.target)


def update(account: Account, call: Call) -> StripeObject:
    call.form.only("metadata", "description")
    intent = required(account.payment_intents, call.target)
    intent["metadata"] = merged_metadata(intent["metadata"], call.form.metadata())
    if call.form.has("description"):
        intent["description"] = call.form.text("description")
    return intent


def list_all(account: Account, call: Call) -> StripeObject:
    call.form.only("customer", *PAGING)
    return page(account.payment_intents, call, "customer")


def confirm(account: Account, call: Call) -> StripeObject:
    call.form.only("payment_method", *_WITHOUT_EFFECT)
    intent = required(account.payment_intents, call.target)
    _in_status(intent, "confirm", "requires_confirmation", "requires_payment_method")
    method = call.form.text("payment_method")
    if method:
        intent["payment_method"] = usable_payment_method(account, method)["id"]
    return _confirmed(account, intent, call)


def capture(account: Account, call: Call) -> StripeObject:
    """Take an authorised payment; less than all of it releases the rest for good."""
    call.form.only("amount_to_capture", "metadata")
    intent = required(account.payment_intents, call.target)
    _in_status(intent, "capture", "requires_capture")
    amount = call.form.amount("amount_to_capture") or intent["amount_capturable"]
    if amount > intent["amount_capturable"]:
        message = "The amount to capture is greater than the remaining amount of the PaymentIntent."
        raise refused(message, code="amount_too_large", param="amount_to_capture")
    intent["metadata"] = merged_metadata(intent["metadata"], call.form.metadata())
    charge = required(account.charges, intent["latest_charge"])
    intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
    charges.capture(account, charge, amount, call.origin)
    account.emit("payment_intent.succeeded", intent, origin=call.origin)
    return intent


def cancel(account: Account, call: Call) -> StripeObject:
    call.form.only("cancellation_reason")
    intent = required(account.payment_intents, call.target)
    _in_status(intent, "cancel", "requires_payment_method", "requires_confirmation", "requires_capture")
    intent.update(status="canceled", amount_capturable=0, canceled_at=account.clock.now())
    account.emit("payment_intent.canceled", intent, origin=call.origin)
    return intent


def _confirmed(account: Account, intent: StripeObject, call: Call) -> StripeObject:
    method_id = intent["payment_method"]
    if method_id is None:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise refused(message, code="payment_intent_unexpected_state")
    if account.card_numbers[method_id] == cards.DECLINED:
        error = cards.declined(intent["id"])
        intent.update(status="requires_payment_method", last_payment_error=error.error)
        account.emit("payment_intent.payment_failed", intent, origin=call.origin)
        raise error
    charge = charges.authorise(account, intent)
    intent["latest_charge"] = charge["id"]
    if intent["capture_method"] == "manual":
        intent.update(status="requires_capture", amount_capturable=intent["amount"])
        account.emit("payment_intent.amount_capturable_updated", intent, origin=call.origin)
        return intent
    intent.update(status="succeeded", amount_received=intent["amount"])
    charges.capture(account, charge, intent["amount"], call.origin)
    account.emit("payment_intent.succeeded", intent, origin=call.origin)
    return intent


def _in_status(intent: StripeObject, action: str, *allowed: str) -> None:
    if intent["status"] not in allowed:
        message = (
            f"You cannot {action} this PaymentIntent because it has a status of "
            f"{intent['status']}. That takes one of these statuses: {', '.join(allowed)}."
        )
        raise refused(message, code="payment_intent_unexpected_state")
