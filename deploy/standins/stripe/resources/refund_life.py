from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import required
from deploy.standins.stripe.account.ledger import Entry

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import StripeObject

STATUSES = ("pending", "requires_action", "succeeded", "failed", "canceled")
PENDING_REASONS = ("processing", "insufficient_funds", "charge_pending")
FAILURE_REASONS = (
    "lost_or_stolen_card",
    "expired_or_canceled_card",
    "charge_for_pending_refund_disputed",
    "insufficient_funds",
    "declined",
    "merchant_request",
    "unknown",
)
ANSWER_WITHIN_SECONDS = 45 * 24 * 60 * 60
REVERSAL_WITHIN_SECONDS = 2 * 60 * 60

# `succeeded` is not final: a bank can return the money weeks later.
_NEXT = {
    "pending": ("requires_action", "succeeded", "failed", "canceled"),
    "requires_action": ("pending", "succeeded", "failed", "canceled"),
    "succeeded": ("failed", "canceled"),
    "failed": (),
    "canceled": (),
}


class NotAllowedError(Exception):
    """A change of status that no refund at Stripe makes."""


def transition(
    account: Account,
    refund: StripeObject,
    status: str,
    failure_reason: str | None = None,
    *,
    origin: StripeObject | None = None,
) -> bool:
    """Move a refund on and say whether anything changed.

    A failed or canceled refund gives its money back: a balance transaction of category
    `refund_failure`, and the charge can be refunded again by that much. Raises NotAllowedError.
    """
    before = refund["status"]
    if status == before:
        return False
    if status not in _NEXT[before]:
        raise NotAllowedError(f"a refund does not go from {before} to {status}")
    previous: StripeObject = {"status": before}
    if "pending_reason" in refund:
        previous["pending_reason"] = refund.pop("pending_reason")
    refund["status"] = status
    if status == "pending":
        refund["pending_reason"] = "processing"
    if status == "succeeded":
        fund(account, refund)
    if status in ("failed", "canceled"):
        refund["failure_reason"] = failure_reason or "unknown"
        _give_back(account, refund, late=before == "succeeded")
    describe_destination(account, refund)
    account.emit("refund.updated", refund, origin=origin, previous=previous)
    if status == "failed":
        account.emit("refund.failed", refund, origin=origin)
    return True


def schedule(account: Account, refund: StripeObject, status: str, reason: str | None) -> None:
    """Move the refund on in a moment, unless something else settles it first."""

    def settle() -> None:
        if status in _NEXT[refund["status"]]:
            transition(account, refund, status, reason)

    account.later(settle)


def can_fund(account: Account, charge: StripeObject, amount: int) -> bool:
    """Say whether a refund goes out now; in the default mode the balance may go below zero."""
    ledger = account.ledger
    conversion = ledger.conversion(charge["currency"])
    short = not ledger.can_pay(conversion.settled(amount), conversion.settlement)
    return ledger.when_short == "overdraw" or not short


def fund(account: Account, refund: StripeObject, fee: int = 0) -> None:
    """Take the money from the balance once, at the rate of this moment."""
    if refund["balance_transaction"] is not None:
        return
    conversion = account.ledger.conversion(refund["currency"])
    entry = Entry(
        amount=-conversion.settled(refund["amount"]),
        currency=conversion.settlement,
        type="refund",
        source=refund["id"],
        fee=fee,
        exchange_rate=conversion.shown_rate(refund["currency"]),
    )
    refund["balance_transaction"] = account.post(entry)["id"]


def settle_unfunded(account: Account) -> None:
    """Send the refunds that waited for money, in order, as far as the balance now reaches."""
    waiting = account.unfunded_refunds
    while waiting:
        refund = required(account.refunds, waiting[0])
        funded = refund["balance_transaction"] is not None
        if refund["status"] == "pending" and not funded:
            if not can_fund(account, refund, refund["amount"]):
                return
            transition(account, refund, "succeeded")
        waiting.pop(0)


def cancel_unanswered(account: Account) -> None:
    """Cancel what waited 45 days for the customer's bank details. Call after moving the clock."""
    deadline = account.clock.now() - ANSWER_WITHIN_SECONDS
    for refund in account.refunds.newest_first({"status": "requires_action"}):
        if refund["created"] <= deadline:
            transition(account, refund, "canceled", "unknown")


def describe_destination(account: Account, refund: StripeObject) -> None:
    """Say how the customer will see the refund, with the bank's reference once it is sent."""
    charge = required(account.charges, refund["charge"])
    method = required(account.payment_methods, charge["payment_method"])
    if method["type"] != "card":
        refund["destination_details"] = {method["type"]: {}, "type": method["type"]}
        return
    early = refund["created"] - charge["created"] < REVERSAL_WITHIN_SECONDS
    card: StripeObject = {"type": "reversal" if early else "refund", "reference_status": "pending"}
    if refund["status"] == "succeeded":
        digits = "".join(c if c.isdigit() else str(int(c, 16)) for c in refund["id"][3:])
        card["reference"] = f"7{digits:0>22}"[:23]
        card["reference_status"] = "available"
        card["reference_type"] = "acquirer_reference_number"
    elif refund["status"] in ("failed", "canceled"):
        card["reference_status"] = "unavailable"
    refund["destination_details"] = {"card": card, "type": "card"}


def _give_back(account: Account, refund: StripeObject, *, late: bool) -> None:
    charge = required(account.charges, refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    if refund["balance_transaction"] is None:
        return  # it was still waiting for funds, so nothing left the balance
    taken = required(account.ledger.rows, refund["balance_transaction"])
    rate = taken["exchange_rate"]
    entry = Entry(
        amount=-taken["amount"],
        currency=taken["currency"],
        # A late return may be booked as an adjustment. Only the category is to be relied on.
        type="adjustment" if late else "refund_failure",
        category="refund_failure",
        source=refund["id"],
        exchange_rate=Fraction(str(rate)) if rate else None,
    )
    refund["failure_balance_transaction"] = account.post(entry)["id"]
