from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import required
from deploy.standins.stripe.account.ledger import Entry
from deploy.standins.stripe.account.money import charge_fee
from deploy.standins.stripe.resources.listing import PAGING, page

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import Call, StripeObject


def retrieve(account: Account, call: Call) -> StripeObject:
    return required(account.charges, call.target)


def list_all(account: Account, call: Call) -> StripeObject:
    call.form.only("payment_intent", "customer", *PAGING)
    return page(account.charges, call, "payment_intent", "customer")


def authorise(account: Account, intent: StripeObject) -> StripeObject:
    """Make the charge of a confirmed intent; the ledger hears of it on capture."""
    charge: StripeObject = {
        "id": account.new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": False,
        "created": account.clock.now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "refunded": False,
        "status": "succeeded",
    }
    return account.charges.add(charge)


def capture(account: Account, charge: StripeObject, amount: int, origin: StripeObject) -> None:
    """Book the charge. What is not captured comes back as a `partial_capture_reversal`.

    That row has the type of a refund and is none: whoever sums refunds by `type` counts it wrongly,
    here as at Stripe.
    """
    conversion = account.ledger.conversion(charge["currency"])
    whole, taken = conversion.settled(charge["amount"]), conversion.settled(amount)
    booked = Entry(
        amount=whole,
        currency=conversion.settlement,
        type="charge",
        source=charge["id"],
        fee=charge_fee(taken),
        exchange_rate=conversion.shown_rate(charge["currency"]),
    )
    row = account.post(booked)
    charge.update(captured=True, amount_captured=amount, balance_transaction=row["id"])
    if taken < whole:
        category = "partial_capture_reversal"
        account.post(
            replace(booked, amount=taken - whole, type="refund", category=category, fee=0),
        )
    account.emit("charge.succeeded", charge, origin=origin)
