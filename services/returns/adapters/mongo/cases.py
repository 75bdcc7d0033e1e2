"""Returns as documents, and how they are found."""

from collections.abc import Sequence
from datetime import datetime

from pymongo import ASCENDING, DESCENDING, IndexModel

from services.chassis.kernel.pagination import Page, decode_token, encode_token
from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.returns.adapters.mongo.conflicts import version_conflict
from services.returns.adapters.mongo.documents import from_document, to_document
from services.returns.application.ports.transaction import DueCase
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.rma import is_rma_number

CASES = "returns"
_PARCEL = "shipments.tracking_number"
INDEXES = [
    IndexModel([("tenant_id", ASCENDING), ("rma_number", ASCENDING)], name="rma_number", unique=True),
    IndexModel([("tenant_id", ASCENDING), ("_id", DESCENDING)], name="newest"),
    IndexModel([("tenant_id", ASCENDING), ("order_id", ASCENDING), ("_id", DESCENDING)], name="of_order"),
    IndexModel(
        [("tenant_id", ASCENDING), ("customer_id", ASCENDING), ("_id", DESCENDING)], name="of_customer"
    ),
    IndexModel(
        [("tenant_id", ASCENDING), (_PARCEL, ASCENDING)],
        name="of_parcel",
        partialFilterExpression={_PARCEL: {"$exists": True}},
    ),
    # What the timer looks for; nearly no return is in it.
    IndexModel([("due_at", ASCENDING)], name="due", partialFilterExpression={"due_at": {"$type": "date"}}),
]


class MongoCases:
    """See `application.ports.transaction.Cases`."""

    def __init__(self, scope: Scope) -> None:
        self._collection = scope.database[CASES]
        self._session = scope.session

    async def find(self, tenant_id: str, code: str) -> ReturnCase | None:
        """See the port."""
        key = "rma_number" if is_rma_number(code) else "_id"
        return await self._one({key: code, "tenant_id": tenant_id})

    async def find_by_parcel(
        self, tenant_id: str, tracking_number: str, carrier: str = ""
    ) -> ReturnCase | None:
        """See the port."""
        if not carrier:
            return await self._one({"tenant_id": tenant_id, _PARCEL: tracking_number})
        parcel = {"tracking_number": tracking_number, "carrier": carrier}
        return await self._one(
            {"tenant_id": tenant_id, _PARCEL: tracking_number, "shipments": {"$elemMatch": parcel}}
        )

    async def page(
        self, tenant_id: str, *, order_id: str, customer_id: str, size: int, token: str
    ) -> Page[ReturnCase]:
        """See the port."""
        wanted: Document = {"tenant_id": tenant_id}
        if order_id:
            wanted["order_id"] = order_id
        if customer_id:
            wanted["customer_id"] = customer_id
        if token:
            wanted["_id"] = {"$lt": decode_token(token)}
        rows = self._collection.find(wanted, session=self._session).sort("_id", DESCENDING).limit(size + 1)
        found = [_case(row) for row in await rows.to_list(None)]
        more = len(found) > size
        return Page(found[:size], encode_token(found[size - 1].return_id) if more else "")

    async def due(self, now: datetime, limit: int) -> Sequence[DueCase]:
        """See the port."""
        rows = self._collection.find({"due_at": {"$lte": now}}, {"tenant_id": 1}, session=self._session)
        return [
            DueCase(row["tenant_id"], row["_id"])
            for row in await rows.sort("due_at", ASCENDING).limit(limit).to_list(None)
        ]

    async def add(self, case: ReturnCase) -> ReturnCase:
        """See the port."""
        document = _document(case)
        await self._collection.insert_one(document, session=self._session)
        return _case(document)

    async def save(self, case: ReturnCase) -> ReturnCase:
        """See the port."""
        document = _document(case)
        written = await self._collection.replace_one(
            {"_id": case.return_id, "version": case.version}, document, session=self._session
        )
        if written.matched_count == 0:
            raise version_conflict(f"return {case.rma_number}")
        return _case(document)

    async def _one(self, wanted: Document) -> ReturnCase | None:
        document = await self._collection.find_one(wanted, session=self._session)
        return _case(document) if document is not None else None


def _document(case: ReturnCase) -> Document:
    document: Document = to_document(case)
    due = [pickup.due_at for pickup in case.pickups if pickup.due_at is not None]
    return {
        **document,
        "_id": document.pop("return_id"),
        "version": case.version + 1,
        "due_at": min(due, default=None),
    }


def _case(document: Document) -> ReturnCase:
    return from_document(ReturnCase, {**document, "return_id": document["_id"]})
