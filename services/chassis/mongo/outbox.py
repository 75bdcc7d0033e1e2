"""Events leave in the same commit as the change they tell of; the relay carries them on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bson import Timestamp
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp as ProtoTimestamp
from pymongo import ASCENDING, IndexModel

from aftercare.common.v1.event_pb2 import EventEnvelope
from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.ids import Ids
from services.chassis.mongo.client import DatabaseHandle, Document

OUTBOX = "outbox"
KEPT_SECONDS = 7 * 24 * 3600
INDEXES = [
    # The relay reads only what is unsent, in the server's order: the commit order of each aggregate.
    IndexModel([("ts", ASCENDING)], name="unsent", partialFilterExpression={"sent": 0}),
    IndexModel([("agg", ASCENDING), ("seq", ASCENDING)], name="aggregate_sequence", unique=True),
    IndexModel([("sent_at", ASCENDING)], name="housekeeping", expireAfterSeconds=KEPT_SECONDS),
]

# A service's own translation of its domain events into the payloads of its `*_events.proto`.
PayloadOf = Callable[[DomainEvent], Message]


@dataclass(frozen=True, slots=True)
class Outbox:
    """Makes outbox rows of one service's events."""

    source: str
    payload_of: PayloadOf
    ids: Ids
    traceparent: Callable[[], str] = lambda: ""

    def rows(self, events: Sequence[DomainEvent]) -> list[Document]:
        """The rows to insert, after the aggregates they tell of were written."""
        trace = self.traceparent() if events else ""
        return [self._row(event, trace) for event in events]

    async def write(self, database: DatabaseHandle, session: Any, events: Sequence[DomainEvent]) -> None:
        """Insert the rows of `events` in the session's transaction."""
        if events:
            await database[OUTBOX].insert_many(self.rows(events), ordered=False, session=session)

    def _row(self, event: DomainEvent, trace: str) -> Document:
        payload = self.payload_of(event)
        occurred = ProtoTimestamp()
        occurred.FromDatetime(event.occurred_at)
        envelope = EventEnvelope(
            event_id=self.ids.new("evt"),
            type=event.type,
            tenant_id=event.tenant_id,
            aggregate_id=event.aggregate_id,
            sequence=event.sequence,
            occurred_time=occurred,
            schema=payload.DESCRIPTOR.full_name,
            trace=trace,
            payload=payload.SerializeToString(deterministic=True),
        )
        return {
            "_id": envelope.event_id,
            "ts": Timestamp(0, 0),  # filled in by the server
            "agg": event.aggregate_id,
            "seq": event.sequence,
            "type": event.type,
            "source": self.source,
            "body": envelope.SerializeToString(),
            "sent": 0,
            "sent_at": None,
            "trace": trace,
        }
