"""The event feed in MongoDB."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, IndexModel, ReturnDocument
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
        """See the port."""
        return (await self.add_all([(event, now)]))[0]

    async def add_all(self, events: Sequence[tuple[RecordedEvent, datetime]]) -> list[bool]:
        """Keep several events in one commit; for each, whether it is new.

        Positions come from the tenant's feed document in the same transaction. Whoever wants the next one
        waits for this commit, so no reader can pass a position that appears later; an ObjectId, made by the
        writing process, gives no such promise.
        """
        known = await self._known([event.event_id for event, _ in events])
        fresh: dict[str, tuple[RecordedEvent, datetime]] = {}
        for event, now in events:
            if event.event_id not in known:
                fresh.setdefault(event.event_id, (event, now))
        if fresh:
            await self._insert(list(fresh.values()))
        verdicts = []
        for event, _ in events:
            verdicts.append(event.event_id in fresh)
            fresh.pop(event.event_id, None)  # the same event twice in one batch is new once
        return verdicts

    async def _known(self, event_ids: Sequence[str]) -> set[str]:
        rows = self._rows.find({"event_id": {"$in": list(event_ids)}}, {"event_id": 1})
        return {row["event_id"] for row in await rows.to_list(None)}

    async def _insert(self, events: Sequence[tuple[RecordedEvent, datetime]]) -> None:
        by_tenant: dict[str, list[tuple[RecordedEvent, datetime]]] = {}
        for event, now in events:
            by_tenant.setdefault(event.tenant_id, []).append((event, now))

        async def body(session: Any) -> None:  # noqa: ANN401 - either driver's
            for tenant_id, members in by_tenant.items():
                feed = await self._feeds.find_one_and_update(
                    {"_id": tenant_id},
                    {"$inc": {"last": len(members)}},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                    session=session,
                )
                last = feed["last"] if feed else 0  # an upsert always answers; the driver's types forgot
                first = last - len(members) + 1
                rows = [_row(event, first + number, now) for number, (event, now) in enumerate(members)]
                await self._rows.insert_many(rows, session=session)

        async with self._client.start_session() as session:
            await session.with_transaction(body, write_concern=WriteConcern("majority", j=True))

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
