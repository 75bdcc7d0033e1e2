"""Counting returns per tenant and year, a block at a time."""

from collections import deque

from pymongo import ReturnDocument

from services.chassis.mongo.client import DatabaseHandle

COUNTERS = "counters"
_BLOCK = 20


class MongoRmaNumbers:
    """See `application.ports.rma_numbers.RmaNumbers`.

    A process takes a block of numbers in one write outside any transaction, so that opening returns never
    waits for a counter; what is left of a block when it stops is skipped.
    """

    def __init__(self, database: DatabaseHandle, block: int = _BLOCK) -> None:
        self._collection = database[COUNTERS]
        self._block = block
        self._left: dict[str, deque[int]] = {}

    async def next(self, tenant_id: str, year: int) -> int:
        """See the port."""
        name = f"rma/{tenant_id}/{year}"
        left = self._left.setdefault(name, deque())
        if not left:
            row = await self._collection.find_one_and_update(
                {"_id": name},
                {"$inc": {"last": self._block, "version": 1}, "$setOnInsert": {"tenant_id": tenant_id}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
            if row is None:  # an upsert always has one
                raise RuntimeError(f"counter {name} vanished")
            left.extend(range(row["last"] - self._block + 1, row["last"] + 1))
        return left.popleft()
