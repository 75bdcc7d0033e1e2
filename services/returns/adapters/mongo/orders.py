"""Orders as documents. Amounts are int64 minor units of the document's one `currency`."""

from typing import Any

from bson import Int64
from pymongo import IndexModel

from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.returns.adapters.mongo.conflicts import version_conflict
from services.returns.domain.orders.order import Order, OrderLine, Tender, TenderKind
from services.returns.domain.orders.tender_split import Released

ORDERS = "orders"
INDEXES: list[IndexModel] = []  # found by _id only: tenant/order


def order_id_of(tenant_id: str, order_id: str) -> str:
    """The document's id: the shop's own, within the tenant."""
    return f"{tenant_id}/{order_id}"


class MongoOrders:
    """See `application.ports.transaction.Orders`."""

    def __init__(self, scope: Scope) -> None:
        self._collection = scope.database[ORDERS]
        self._session = scope.session

    async def find(self, tenant_id: str, order_id: str) -> Order | None:
        """See the port."""
        document = await self._collection.find_one(
            {"_id": order_id_of(tenant_id, order_id)}, session=self._session
        )
        return to_order(document) if document is not None else None

    async def add(self, order: Order) -> Order:
        """See the port."""
        document = to_document(order)
        await self._collection.insert_one(document, session=self._session)
        return to_order(document)

    async def save(self, order: Order) -> Order:
        """See the port."""
        document = to_document(order)
        written = await self._collection.replace_one(
            {"_id": document["_id"], "version": order.version}, document, session=self._session
        )
        if written.matched_count == 0:
            raise version_conflict(f"order {order.order_id}")
        return to_order(document)


def to_document(order: Order) -> Document:
    """The order's next version. Written out by hand: an import makes thousands a second."""
    return {
        "_id": order_id_of(order.tenant_id, order.order_id),
        "tenant_id": order.tenant_id,
        "order_id": order.order_id,
        "customer_id": order.customer_id,
        "loyalty_account_id": order.loyalty_account_id,
        "loyalty_program_id": order.loyalty_program_id,
        "currency": order.currency,
        "lines": [_line(line) for line in order.lines],
        "discount": Int64(order.discount),
        "shipping": Int64(order.shipping),
        "shipping_cheapest": Int64(order.shipping_cheapest),
        "tenders": [
            {
                "kind": tender.kind.value,
                "amount": Int64(tender.amount),
                "points": Int64(tender.points),
                "reference": tender.reference,
            }
            for tender in order.tenders
        ],
        "total": Int64(order.total),
        "placed_at": order.placed_at,
        "delivered_at": order.delivered_at,
        "fingerprint": order.fingerprint,
        "released": {
            "amount": Int64(order.released.amount),
            "points": Int64(order.released.points),
            "points_value": Int64(order.released.points_value),
            "shipping_by": order.released.shipping_by,
        },
        "version": order.version + 1,
        "sequence": order.sequence,
    }


def _line(line: OrderLine) -> Document:
    return {
        "line_id": line.line_id,
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": Int64(line.unit_price),
        "tax_rate_bps": line.tax_rate_bps,
        "paid": Int64(line.paid),
        "tax": Int64(line.tax),
        "on_return": line.on_return,
    }


def to_order(document: Document) -> Order:
    """The order that a document keeps."""
    released: dict[str, Any] = document["released"]
    return Order(
        tenant_id=document["tenant_id"],
        order_id=document["order_id"],
        customer_id=document["customer_id"],
        loyalty_account_id=document["loyalty_account_id"],
        loyalty_program_id=document["loyalty_program_id"],
        currency=document["currency"],
        lines=tuple(
            OrderLine(**{**line, "on_return": tuple(line["on_return"])}) for line in document["lines"]
        ),
        discount=document["discount"],
        shipping=document["shipping"],
        shipping_cheapest=document["shipping_cheapest"],
        tenders=tuple(
            Tender(TenderKind(t["kind"]), t["amount"], t["points"], t["reference"])
            for t in document["tenders"]
        ),
        total=document["total"],
        placed_at=document["placed_at"],
        delivered_at=document["delivered_at"],
        fingerprint=document["fingerprint"],
        released=Released(**released),
        version=document["version"],
        sequence=document["sequence"],
    )
