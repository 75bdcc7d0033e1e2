"""Lots, each with the facts of the order that it came from.

An order's lot is named by the order and keeps its facts as well: one document instead of two on the hot
path. Parts of the account: its version guards them, so they have none of their own.
"""

from collections.abc import Sequence
from datetime import date, datetime

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.loyalty.adapters.mongo.accounts import EPOCH, account_key
from services.loyalty.domain.account import Account
from services.loyalty.domain.basket_points import EarnRule, FixedBonus, Rounding
from services.loyalty.domain.ledger import Source, SourceType
from services.loyalty.domain.lots import Lot, LotState
from services.loyalty.domain.orders import BasketLine, Earning, Order, Returned, ReturnedLine
from services.loyalty.domain.rules.earning import order_lot_id

LOTS = "lots"
INDEXES = [
    # What the clock makes due, and the order of rule R1. Lots that are closed or wait for a delivery have no
    # such time and stay out of it: most lots most of the time, and every new one.
    IndexModel(
        [("owner", ASCENDING), ("state", ASCENDING), ("due_at", ASCENDING), ("sequence", ASCENDING)],
        name="timed",
        partialFilterExpression={"due_at": {"$gt": EPOCH}},
    )
]


def lot_key(owner: str, lot_id: str) -> str:
    """The document's id. An order's lot is named by it, so this is the guard against earning twice."""
    return f"{owner}/{lot_id}"


def to_document(account: Account, lot: Lot) -> Document:
    """The document of a new lot, with its order's facts if it is an order's."""
    owner = account_key(account.tenant_id, account.account_id)
    document: Document = {
        "_id": lot_key(owner, lot.lot_id),
        "owner": owner,
        "tenant_id": account.tenant_id,
        "sequence": lot.sequence,
        "points": lot.points,
        "earned_at": lot.earned_at,
        **{name: value for name, value in to_update(lot).items() if value is not None},
    }
    if lot.order_id:
        document["order_id"] = lot.order_id
    else:
        document["source"] = (lot.source.type.value, lot.source.id)
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
        "due_at": _timed(lot),
    }


def _timed(lot: Lot) -> datetime | None:
    if lot.state is LotState.PENDING:
        return lot.activates_at
    return lot.due_at if lot.state is LotState.ACTIVE else None


def facts_only(account: Account, order: Order) -> Document:
    """The document of an order that has not earned yet: facts and no lot."""
    owner = account_key(account.tenant_id, account.account_id)
    lot_id = order_lot_id(order.order_id)
    return {
        "_id": lot_key(owner, lot_id),
        "owner": owner,
        "tenant_id": account.tenant_id,
        "order_id": order.order_id,
        "order": from_order(order),
    }


def to_lot(row: Document) -> Lot:
    """The lot in a document that has one."""
    last_valid = row.get("last_valid_date")
    order_id = row.get("order_id", "")
    source = Source(SourceType.ORDER, order_id) if order_id else _to_source(row["source"])
    return Lot(
        lot_id_of(row),
        row["sequence"],
        LotState(row["state"]),
        row["points"],
        row["remaining"],
        row["held"],
        row["earned_at"],
        source,
        order_id,
        row.get("activates_at"),
        row.get("expires_at"),
        date.fromisoformat(last_valid) if last_valid else None,
    )


def lot_id_of(row: Document) -> str:
    """The lot's id in a document's id."""
    lot_id: str = row["_id"][len(row["owner"]) + 1 :]
    return lot_id


def _to_source(pair: Sequence[str]) -> Source:
    return Source(SourceType(pair[0]), pair[1])


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
        earning=_to_earning(earning, lot_id_of(row)) if earning else None,
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
