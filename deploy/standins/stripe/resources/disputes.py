from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import required
from deploy.standins.stripe.account.ledger import Entry
from deploy.standins.stripe.resources.listing import PAGING, page
from deploy.standins.stripe.wire.errors import refused

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import Call, StripeObject

DISPUTE_FEE = 2_000
OPEN_STATUSES = ("needs_response", "warning_needs_response")


@dataclass(frozen=True)
class Complaint:
    """What a cardholder disputes; an inquiry takes no money and leaves the charge refundable."""

    amount: int
    reason: str = "general"
    inquiry: bool = False


def retrieve(account: Account, call: Call) -> StripeObject:
    return required(account.disputes, call.target)


def list_all(account: Account, call: Call) -> StripeObject:
    call.form.only("charge", "payment_intent", *PAGING)
    return page(account.disputes, call, "charge", "payment_intent")


def accept(account: Account, call: Call) -> StripeObject:
    """Close a dispute from our side: it is lost."""
    call.form.only()
    dispute = required(account.disputes, call.target)
    if dispute["status"] not in OPEN_STATUSES:
        raise refused("This dispute is already closed")
    return settle(account, dispute, "lost", call.origin)


def open_dispute(account: Account, charge: StripeObject, complaint: Complaint) -> StripeObject:
    """Open a dispute and, unless it is an inquiry, withdraw the full amount and the fee."""
    dispute: StripeObject = {
        "id": account.new_id("du"),
        "object": "dispute",
        "amount": complaint.amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": account.clock.now(),
        "currency": charge["currency"],
        "is_charge_refundable": complaint.inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": complaint.reason,
        "status": "warning_needs_response" if complaint.inquiry else "needs_response",
    }
    account.disputes.add(dispute)
    charge["disputed"] = True
    if complaint.inquiry:
        account.emit("charge.dispute.created", dispute)
        return dispute
    _move_funds(account, dispute, -1, "dispute")
    account.emit("charge.dispute.created", dispute)
    account.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def settle(
    account: Account, dispute: StripeObject, outcome: str, origin: StripeObject | None = None
) -> StripeObject:
    """Close a dispute as `won` (funds and fee come back) or `lost`."""
    before = dispute["status"]
    inquiry = before == "warning_needs_response"
    dispute["status"] = "warning_closed" if inquiry else outcome
    if outcome == "won" and not inquiry:
        dispute["is_charge_refundable"] = True
        _move_funds(account, dispute, 1, "dispute_reversal")
        account.emit("charge.dispute.funds_reinstated", dispute, origin=origin)
    account.emit("charge.dispute.closed", dispute, origin=origin, previous={"status": before})
    return dispute


def _move_funds(account: Account, dispute: StripeObject, sign: int, category: str) -> None:
    conversion = account.ledger.conversion(dispute["currency"])
    entry = Entry(
        amount=sign * conversion.settled(dispute["amount"]),
        currency=conversion.settlement,
        type="adjustment",
        category=category,
        source=dispute["id"],
        fee=-sign * DISPUTE_FEE,
        exchange_rate=conversion.shown_rate(dispute["currency"]),
    )
    dispute["balance_transactions"].append(account.post(entry))
