"""Past orders in bulk: one insert a chunk, outside any transaction, each order by its natural key."""

from collections.abc import Sequence

from pymongo.errors import BulkWriteError

from services.chassis.mongo.client import DatabaseHandle
from services.returns.adapters.mongo.orders import ORDERS, to_document
from services.returns.application.ports.order_history import Verdict
from services.returns.domain.orders.order import Order

_DUPLICATE_KEY = 11000


class MongoOrderHistory:
    """See `application.ports.order_history.OrderHistory`."""

    def __init__(self, database: DatabaseHandle) -> None:
        self._collection = database[ORDERS]

    async def add_many(self, orders: Sequence[Order]) -> list[Verdict]:
        """See the port."""
        documents = [to_document(order) for order in orders]
        try:
            await self._collection.insert_many(documents, ordered=False)
        except BulkWriteError as error:
            details = error.details or {}
            failures = details.get("writeErrors", [])
            if details.get("writeConcernErrors") or any(f["code"] != _DUPLICATE_KEY for f in failures):
                raise
            known = {failure["index"]: documents[failure["index"]] for failure in failures}
        else:
            return [Verdict.IMPORTED] * len(documents)
        stored = await self._fingerprints([document["_id"] for document in known.values()])
        verdicts = [Verdict.IMPORTED] * len(documents)
        for index, document in known.items():
            same = stored.get(document["_id"]) == document["fingerprint"]
            verdicts[index] = Verdict.DUPLICATE if same else Verdict.CONFLICT
        return verdicts

    async def _fingerprints(self, ids: Sequence[str]) -> dict[str, str]:
        rows = self._collection.find({"_id": {"$in": list(ids)}}, {"fingerprint": 1})
        return {row["_id"]: row["fingerprint"] for row in await rows.to_list(None)}
