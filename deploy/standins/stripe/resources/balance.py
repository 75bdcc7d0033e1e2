from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import required
from deploy.standins.stripe.resources.listing import PAGING, page
from deploy.standins.stripe.wire.errors import refused

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import Call, StripeObject


def retrieve(account: Account, call: Call) -> StripeObject:
    """Answer the balance: a list with one amount per settlement currency."""
    call.form.only()
    held = sorted(account.ledger.available.items())
    return {
        "object": "balance",
        "available": [_amount(amount, currency) for currency, amount in held],
        "livemode": False,
        "pending": [_amount(0, currency) for currency, _ in held],
    }


def retrieve_transaction(account: Account, call: Call) -> StripeObject:
    return required(account.ledger.rows, call.target)


def list_transactions(account: Account, call: Call) -> StripeObject:
    """List balance transactions; `reporting_category` is no filter, here as at Stripe."""
    form = call.form
    form.only("type", "source", "currency", "payout", *PAGING)
    payout_id = form.text("payout")
    if payout_id is None:
        return page(account.ledger.rows, call, "type", "source", "currency")
    if not required(account.payouts, payout_id, "payout")["automatic"]:
        message = "Balance transaction history can only be filtered on automatic payouts, not manual."
        raise refused(message, param="payout")
    payout_of = account.ledger.payout_of
    return page(
        account.ledger.rows,
        call,
        *("type", "source", "currency"),
        keep=lambda row: payout_of.get(row["id"]) == payout_id,
    )


def _amount(amount: int, currency: str) -> StripeObject:
    return {"amount": amount, "currency": currency, "source_types": {"card": amount}}
