"""Refunds in MongoDB."""

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.refunds.adapters.mongo.collection import Documents
from services.refunds.adapters.mongo.documents import from_money, to_money
from services.refunds.domain.refund import Refund, RefundState

REFUNDS = "refunds"
INDEXES = [
    IndexModel([("tenant_id", ASCENDING), ("request_key", ASCENDING)], name="request_key", unique=True),
    IndexModel([("tenant_id", ASCENDING), ("order_id", ASCENDING), ("refund_id", DESCENDING)], name="order"),
    IndexModel(
        [("tenant_id", ASCENDING), ("return_id", ASCENDING), ("refund_id", DESCENDING)], name="return"
    ),
    IndexModel([("tenant_id", ASCENDING), ("refund_id", DESCENDING)], name="newest"),
]


class MongoRefunds:
    """See `application.ports.transaction.Refunds`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._rows = Documents(scope, REFUNDS)

    async def get(self, tenant_id: str, refund_id: str) -> Refund | None:
        """See the port."""
        row = await self._rows.get({"_id": f"{tenant_id}/{refund_id}"})
        return _refund(row) if row else None

    async def by_request_key(self, tenant_id: str, request_key: str) -> Refund | None:
        """See the port."""
        row = await self._rows.get({"tenant_id": tenant_id, "request_key": request_key})
        return _refund(row) if row else None

    async def page(
        self, tenant_id: str, order_id: str, return_id: str, before: str, limit: int
    ) -> list[Refund]:
        """See the port."""
        query: Document = {"tenant_id": tenant_id}
        if order_id:
            query["order_id"] = order_id
        if return_id:
            query["return_id"] = return_id
        if before:
            query["refund_id"] = {"$lt": before}
        rows = await self._rows.find(query, [("refund_id", DESCENDING)], limit)
        return [_refund(row) for row in rows]

    async def add(self, refund: Refund) -> None:
        """See the port."""
        refund.version = 1
        await self._rows.insert([_document(refund)])
        self._tell(refund)

    async def save(self, refund: Refund) -> None:
        """See the port."""
        refund.version += 1
        await self._rows.replace(_document(refund), refund.version - 1)
        self._tell(refund)

    def _tell(self, refund: Refund) -> None:
        self._scope.events.extend(refund.told)
        refund.told.clear()


def _document(refund: Refund) -> Document:
    return {
        "_id": f"{refund.tenant_id}/{refund.refund_id}",
        "tenant_id": refund.tenant_id,
        "refund_id": refund.refund_id,
        "order_id": refund.order_id,
        "return_id": refund.return_id,
        "amount": from_money(refund.amount),
        "reason": refund.reason,
        "request_key": refund.request_key,
        "created_at": refund.created_at,
        "state": refund.state.value,
        "completed_at": refund.completed_at,
        "failure_reason": refund.failure_reason,
        "sequence": refund.sequence,
        "version": refund.version,
    }


def _refund(row: Document) -> Refund:
    return Refund(
        tenant_id=row["tenant_id"],
        refund_id=row["refund_id"],
        order_id=row["order_id"],
        return_id=row["return_id"],
        amount=to_money(row["amount"]),
        reason=row["reason"],
        request_key=row["request_key"],
        created_at=row["created_at"],
        state=RefundState(row["state"]),
        completed_at=row["completed_at"],
        failure_reason=row["failure_reason"],
        sequence=row["sequence"],
        version=row["version"],
    )
