"""The event feed in MongoDB."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bson import ObjectId
from bson.errors import InvalidId
from pymongo import ASCENDING, IndexModel
from pymongo.errors import DuplicateKeyError

from services.chassis.kernel.pagination import Page
from services.chassis.mongo.client import DatabaseHandle, Document
from services.gateway.application.ports import RecordedEvent
from services.gateway.domain.errors import bad_request

EVENTS = "events"
KEPT_SECONDS = 90 * 24 * 3600
INDEXES = [
    IndexModel([("event_id", ASCENDING)], name="once", unique=True),
    IndexModel([("tenant_id", ASCENDING), ("_id", ASCENDING)], name="feed"),
    IndexModel([("tenant_id", ASCENDING), ("type", ASCENDING), ("_id", ASCENDING)], name="feed_by_type"),
    IndexModel([("kept_at", ASCENDING)], name="housekeeping", expireAfterSeconds=KEPT_SECONDS),
]


class MongoEventFeed:
    """See the port `EventFeed`."""

    def __init__(self, database: DatabaseHandle) -> None:
        self._rows = database[EVENTS]

    async def add(self, event: RecordedEvent, now: datetime) -> bool:
        """See the port."""
        row: Document = {
            "event_id": event.event_id,
            "type": event.type,
            "tenant_id": event.tenant_id,
            "aggregate_id": event.aggregate_id,
            "sequence": event.sequence,
            "occurred_at": event.occurred_at,
            "data": dict(event.data),
            "kept_at": now,
        }
        try:
            await self._rows.insert_one(row)
        except DuplicateKeyError:
            return False
        return True

    async def page(
        self, tenant_id: str, types: Sequence[str], size: int, position: str
    ) -> Page[RecordedEvent]:
        """See the port."""
        query: dict[str, Any] = {"tenant_id": tenant_id}
        if types:
            query["type"] = {"$in": list(types)}
        if position:
            query["_id"] = {"$gt": _object_id(position)}
        rows = await self._rows.find(query).sort("_id", ASCENDING).limit(size + 1).to_list(size + 1)
        more = len(rows) > size
        rows = rows[:size]
        return Page([_event(row) for row in rows], str(rows[-1]["_id"]) if more else "")


def _object_id(position: str) -> ObjectId:
    try:
        return ObjectId(position)
    except InvalidId as error:
        raise bad_request(
            "INVALID_PAGE_TOKEN", "cursor must be the next_cursor of the previous answer"
        ) from error


def _event(row: Document) -> RecordedEvent:
    return RecordedEvent(
        row["event_id"],
        row["type"],
        row["tenant_id"],
        row["aggregate_id"],
        row["sequence"],
        row["occurred_at"],
        row["data"],
    )
