"""The event feed in MongoDB."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument
from pymongo.errors import DuplicateKeyError
from pymongo.write_concern import WriteConcern

from services.chassis.mongo.client import Client, DatabaseHandle, Document
from services.gateway.application.ports import RecordedEvent

EVENTS = "events"
FEEDS = "feeds"  # one document a tenant: the position of its last event
KEPT_SECONDS = 90 * 24 * 3600
INDEXES = [
    IndexModel([("event_id", ASCENDING)], name="once", unique=True),
    IndexModel([("tenant_id", ASCENDING), ("position", ASCENDING)], name="feed_in_order"),
    IndexModel(
        [("tenant_id", ASCENDING), ("type", ASCENDING), ("position", ASCENDING)], name="feed_by_type_in_order"
    ),
    IndexModel([("kept_at", ASCENDING)], name="housekeeping", expireAfterSeconds=KEPT_SECONDS),
]


class MongoEventFeed:
    """See the port `EventFeed`."""

    def __init__(self, client: Client, database: DatabaseHandle) -> None:
        self._client = client
        self._rows, self._feeds = database[EVENTS], database[FEEDS]

    async def add(self, event: RecordedEvent, now: datetime) -> bool:
        """See the port.

        The position comes from the tenant's feed document in the same transaction. Whoever wants the next
        one waits for this commit, so no reader can pass a position that appears later; an ObjectId, made
        by the writing process, gives no such promise.
        """

        async def body(session: Any) -> None:  # noqa: ANN401 - either driver's
            feed = await self._feeds.find_one_and_update(
                {"_id": event.tenant_id},
                {"$inc": {"last": 1}},
                upsert=True,
                return_document=ReturnDocument.AFTER,
                session=session,
            )
            position = feed["last"] if feed else 0  # an upsert always answers; the driver's types forgot
            await self._rows.insert_one(_row(event, position, now), session=session)

        if await self._rows.find_one({"event_id": event.event_id}, {"_id": 1}) is not None:
            return False
        try:
            async with self._client.start_session() as session:
                await session.with_transaction(body, write_concern=WriteConcern("majority", j=True))
        except DuplicateKeyError as error:
            if f".{EVENTS} index" not in str(error):
                raise
            return False
        return True

    async def after(
        self, tenant_id: str, types: Sequence[str], position: int, limit: int
    ) -> Sequence[RecordedEvent]:
        """See the port."""
        query: dict[str, Any] = {"tenant_id": tenant_id, "position": {"$gt": position}}
        if types:
            query["type"] = {"$in": list(types)}
        rows = await self._rows.find(query).sort("position", ASCENDING).limit(limit).to_list(limit)
        return [_event(row) for row in rows]


def _row(event: RecordedEvent, position: int, now: datetime) -> Document:
    return {
        "event_id": event.event_id,
        "type": event.type,
        "tenant_id": event.tenant_id,
        "aggregate_id": event.aggregate_id,
        "sequence": event.sequence,
        "occurred_at": event.occurred_at,
        "data": dict(event.data),
        "position": position,
        "kept_at": now,
    }


def _event(row: Document) -> RecordedEvent:
    return RecordedEvent(
        row["event_id"],
        row["type"],
        row["tenant_id"],
        row["aggregate_id"],
        row["sequence"],
        row["occurred_at"],
        row["data"],
        row["position"],
    )
