from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import required
from deploy.standins.stripe.account.ledger import Entry
from deploy.standins.stripe.resources.listing import PAGING, page
from deploy.standins.stripe.wire.errors import refused

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import Call, StripeObject

_STATUSES = ("pending", "paid", "failed", "canceled")


def create(account: Account, call: Call) -> StripeObject:
    """Pay out by hand; it needs funds, and it stamps no balance transactions."""
    form = call.form
    form.only("amount", "currency", "metadata", "description", "method", "statement_descriptor")
    amount = form.required_amount("amount")
    currency = form.required_text("currency").lower()
    if not account.ledger.can_pay(amount, currency):
        message = (
            "You have insufficient funds in your Stripe account for this transfer. "
            "Your available balance is too low."
        )
        raise refused(message, code="balance_insufficient")
    payout = _pay_out(account, amount, currency, automatic=False)
    payout.update(metadata=form.metadata() or {}, description=form.text("description"))
    _announce(account, payout, call.origin)
    return payout


def retrieve(account: Account, call: Call) -> StripeObject:
    return required(account.payouts, call.target)


def list_all(account: Account, call: Call) -> StripeObject:
    call.form.only("status", *PAGING)
    call.form.choice("status", _STATUSES)
    return page(account.payouts, call, "status")


def pay_out_automatically(account: Account, currency: str) -> StripeObject | None:
    """Pay out everything that no automatic payout has carried yet, and stamp it.

    The payout's own row is stamped too, so the net of its rows is zero and the net of the others
    is the payout. Returns None when nothing is left to pay out.
    """
    ledger = account.ledger
    rows = [
        row for row in ledger.rows.newest_first({"currency": currency}) if row["id"] not in ledger.payout_of
    ]
    amount = sum(row["net"] for row in rows)
    if amount <= 0:
        return None
    payout = _pay_out(account, amount, currency, automatic=True)
    for row_id in [*(row["id"] for row in rows), payout["balance_transaction"]]:
        ledger.payout_of[row_id] = payout["id"]
    _announce(account, payout, None)
    account.emit("payout.reconciliation_completed", payout)
    return payout


def fail(account: Account, payout: StripeObject) -> StripeObject:
    """Let the bank send a payout back; the next automatic payout carries it again."""
    entry = Entry(
        amount=payout["amount"],
        currency=payout["currency"],
        type="payout_failure",
        source=payout["id"],
    )
    payout.update(
        status="failed",
        failure_balance_transaction=account.post(entry)["id"],
        failure_code="account_closed",
        failure_message="The bank account has been closed.",
    )
    account.emit("payout.failed", payout)
    return payout


def _pay_out(account: Account, amount: int, currency: str, *, automatic: bool) -> StripeObject:
    now = account.clock.now()
    payout: StripeObject = {
        "id": account.new_id("po"),
        "object": "payout",
        "amount": amount,
        "arrival_date": now,
        "automatic": automatic,
        "created": now,
        "currency": currency,
        "description": "STRIPE PAYOUT" if automatic else None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "reconciliation_status": "completed" if automatic else "not_applicable",
        "source_type": "card",
        "status": "paid",
        "type": "bank_account",
    }
    entry = Entry(amount=-amount, currency=currency, type="payout", source=payout["id"])
    payout["balance_transaction"] = account.post(entry)["id"]
    return account.payouts.add(payout)


def _announce(account: Account, payout: StripeObject, origin: StripeObject | None) -> None:
    account.emit("payout.created", payout, origin=origin)
    account.emit("payout.paid", payout, origin=origin)
