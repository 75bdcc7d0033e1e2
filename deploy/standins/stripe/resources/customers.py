from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import required
from deploy.standins.stripe.resources.cards import SHORTCUTS, TOKENS, brand
from deploy.standins.stripe.resources.listing import PAGING, page
from deploy.standins.stripe.wire.errors import malformed

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import Call, StripeObject

_DETAILS = ("description", "email", "name", "phone")


def create(account: Account, call: Call) -> StripeObject:
    form = call.form
    form.only(*_DETAILS, "metadata")
    customer = {
        "id": account.new_id("cus"),
        "object": "customer",
        "created": account.clock.now(),
        "livemode": False,
        "metadata": form.metadata() or {},
        **{name: form.text(name) for name in _DETAILS},
    }
    return account.customers.add(customer)


def retrieve(account: Account, call: Call) -> StripeObject:
    return required(account.customers, call.target)


def update(account: Account, call: Call) -> StripeObject:
    form = call.form
    form.only(*_DETAILS, "metadata")
    customer = required(account.customers, call.target)
    customer.update({name: form.text(name) for name in _DETAILS if form.has(name)})
    customer["metadata"] = merged_metadata(customer["metadata"], form.metadata())
    return customer


def list_all(account: Account, call: Call) -> StripeObject:
    call.form.only("email", *PAGING)
    return page(account.customers, call, "email")


def merged_metadata(held: dict[str, str], sent: dict[str, str] | None) -> dict[str, str]:
    """Merge as Stripe does: an empty value unsets its key, an empty hash unsets them all."""
    if sent is None:
        return held
    merged = {**held, **sent} if sent else {}
    return {name: value for name, value in merged.items() if value}


def create_payment_method(account: Account, call: Call) -> StripeObject:
    form = call.form
    form.only("type", "card", "customer_balance", "billing_details", "metadata")
    kind = form.choice("type", ("card", "customer_balance")) or "card"
    number = ""
    if kind == "card":
        card = form.hash("card")
        number = TOKENS.get(card.text("token") or "", "") or card.text("number") or ""
        if not (number.isdigit() and 12 <= len(number) <= 19):
            message = "Your card number is incorrect."
            raise malformed(message, code="incorrect_number", param="card[number]")
    return add_payment_method(account, kind, number, form.metadata() or {})


def add_payment_method(account: Account, kind: str, number: str, metadata: dict[str, str]) -> StripeObject:
    """Keep a payment method; its full number stays beside the account and off the wire."""
    method: StripeObject = {
        "id": account.new_id("pm"),
        "object": "payment_method",
        "created": account.clock.now(),
        "customer": None,
        "livemode": False,
        "metadata": metadata,
        "type": kind,
    }
    method[kind] = {"brand": brand(number), "last4": number[-4:]} if number else {}
    account.payment_methods.add(method)
    account.card_numbers[method["id"]] = number
    return method


def usable_payment_method(account: Account, object_id: str) -> StripeObject:
    """Return a payment method by id, or a new one for Stripe's ready-made `pm_card_…` names."""
    if object_id in SHORTCUTS:
        return add_payment_method(account, "card", SHORTCUTS[object_id], {})
    return required(account.payment_methods, object_id, "payment_method")


def retrieve_payment_method(account: Account, call: Call) -> StripeObject:
    return required(account.payment_methods, call.target)


def attach_payment_method(account: Account, call: Call) -> StripeObject:
    call.form.only("customer")
    customer = required(account.customers, call.form.required_text("customer"), "customer")
    method = required(account.payment_methods, call.target)
    method["customer"] = customer["id"]
    return method


def list_payment_methods(account: Account, call: Call) -> StripeObject:
    call.form.only("customer", "type", *PAGING)
    return page(account.payment_methods, call, "customer", "type")
