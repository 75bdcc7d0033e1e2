"""Lots, each with the facts of the order that it came from.

An order's lot is named by the order and keeps its facts as well: one document instead of two on the hot
path. Parts of the account: its version guards them, so they have none of their own.
"""

from datetime import date

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.loyalty.adapters.mongo.accounts import account_key
from services.loyalty.domain.account import Account
from services.loyalty.domain.basket_points import EarnRule, FixedBonus, Rounding
from services.loyalty.domain.ledger import Source, SourceType
from services.loyalty.domain.lots import Lot, LotState
from services.loyalty.domain.orders import BasketLine, Earning, Order, Returned, ReturnedLine
from services.loyalty.domain.rules.earning import order_lot_id

LOTS = "lots"
CLOSED = 5  # open states are below
INDEXES = [
    # What the clock makes due, and the order of rule R1; closed lots leave it.
    IndexModel(
        [("owner", ASCENDING), ("state", ASCENDING), ("due_at", ASCENDING), ("sequence", ASCENDING)],
        name="open",
        partialFilterExpression={"state": {"$lt": CLOSED}},
    )
]


def lot_key(owner: str, lot_id: str) -> str:
    """The document's id."""
    return f"{owner}/{lot_id}"


def to_document(account: Account, lot: Lot) -> Document:
    """The document of a new lot, with its order's facts if it is an order's."""
    owner = account_key(account.tenant_id, account.account_id)
    document: Document = {
        "_id": lot_key(owner, lot.lot_id),
        "owner": owner,
        "tenant_id": account.tenant_id,
        "lot_id": lot.lot_id,
        "order_id": lot.order_id,
        "sequence": lot.sequence,
        "points": lot.points,
        "earned_at": lot.earned_at,
        "source": (lot.source.type.value, lot.source.id),
        **to_update(lot),
    }
    if lot.order_id in account.changed_orders:
        document["order"] = from_order(account.orders[lot.order_id])
    return document


def to_update(lot: Lot) -> Document:
    """What can change of a lot."""
    return {
        "state": lot.state.value,
        "remaining": lot.remaining,
        "held": lot.held,
        "activates_at": lot.activates_at,
        "expires_at": lot.expires_at,
        "last_valid_date": lot.last_valid_date.isoformat() if lot.last_valid_date else None,
        "due_at": lot.due_at,
    }


def facts_only(account: Account, order: Order) -> Document:
    """The document of an order that has not earned yet: facts and no lot."""
    owner = account_key(account.tenant_id, account.account_id)
    lot_id = order_lot_id(order.order_id)
    return {
        "_id": lot_key(owner, lot_id),
        "owner": owner,
        "tenant_id": account.tenant_id,
        "lot_id": lot_id,
        "order_id": order.order_id,
        "order": from_order(order),
    }


def to_lot(row: Document) -> Lot:
    """The lot in a document that has one."""
    last_valid = row["last_valid_date"]
    return Lot(
        row["lot_id"],
        row["sequence"],
        LotState(row["state"]),
        row["points"],
        row["remaining"],
        row["held"],
        row["earned_at"],
        Source(SourceType(row["source"][0]), row["source"][1]),
        row["order_id"],
        row["activates_at"],
        row["expires_at"],
        date.fromisoformat(last_valid) if last_valid else None,
    )


def has_lot(row: Document) -> bool:
    """Whether a document has more than early facts of an order."""
    return "state" in row


def from_order(order: Order) -> Document:
    """An order's facts. What most orders never have is left out."""
    document: Document = {"delivered_at": order.delivered_at}
    if order.earning is not None:
        document["earning"] = _from_earning(order.earning)
    if order.returns:
        document["returns"] = list(order.returns.items())
    if order.processed:
        document["returned"] = list(order.returned.items())
        document["totals"] = [order.clawed, order.restored, order.refunded]
        document["processed"] = list(order.processed.items())
    if order.early:
        document["early"] = [list(each) for each in order.early]
    return document


def to_order(row: Document) -> Order:
    """The order's facts in a document."""
    facts = row["order"]
    earning = facts.get("earning")
    clawed, restored, refunded = facts.get("totals", (0, 0, 0))
    return Order(
        order_id=row["order_id"],
        earning=_to_earning(earning, row["lot_id"]) if earning else None,
        delivered_at=facts["delivered_at"],
        returns=dict(facts.get("returns", ())),
        returned=dict(facts.get("returned", ())),
        clawed=clawed,
        restored=restored,
        refunded=refunded,
        processed=dict(facts.get("processed", ())),
        early=[_to_returned(each) for each in facts.get("early", ())],
    )


def _from_earning(earning: Earning) -> Document:
    return {
        "entry_id": earning.entry_id,
        "rule": earning.rule,
        "currency": earning.currency,
        "lines": earning.lines,
        "line_points": earning.line_points,
        "points": earning.points,
    }


def _to_earning(row: Document, lot_id: str) -> Earning:
    rate_num, rate_den, rounding, bonuses = row["rule"]
    return Earning(
        row["entry_id"],
        lot_id,
        EarnRule(rate_num, rate_den, Rounding(rounding), tuple(FixedBonus(*bonus) for bonus in bonuses)),
        row["currency"],
        tuple(BasketLine(*line) for line in row["lines"]),
        tuple(row["line_points"]),
        row["points"],
    )


def _to_returned(row: list[object]) -> Returned:
    returned = Returned(*row)  # type: ignore[arg-type] # as `from_order` wrote it
    return returned._replace(lines=tuple(ReturnedLine(*line) for line in returned.lines))
