"""Everything that any service tells goes into the feed."""

from datetime import UTC

from google.protobuf.descriptor_pool import Default
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from aftercare.common.v1.event_pb2 import EventEnvelope
from aftercare.loyalty.v1 import loyalty_events_pb2
from aftercare.refunds.v1 import refunds_events_pb2
from aftercare.returns.v1 import returns_events_pb2
from services.chassis.events.declarations import Handle, Subscription
from services.chassis.events.envelopes import UndecodableEventError
from services.chassis.kernel.coroutines import run_now
from services.gateway.application.ports import Ports, RecordedEvent
from services.gateway.application.reactions.store_event import store_event
from services.gateway.entrypoints.translate import to_json

# Importing them registers their payloads with protobuf's pool, where `_payload` looks them up.
SOURCES = {"loyalty": loyalty_events_pb2, "returns": returns_events_pb2, "refunds": refunds_events_pb2}

# Many at once, because they share a commit (see `adapters.mongo.shared_commits`).
HANDLED_AT_ONCE = 32
SUBSCRIPTIONS = tuple(
    Subscription(source, ("#",), f"feed-{source}", max_workers=HANDLED_AT_ONCE) for source in SOURCES
)


def bound_to(ports: Ports) -> list[Subscription]:
    """The subscriptions with their code."""
    return [subscription.handled_by(_storing(ports)) for subscription in SUBSCRIPTIONS]


def _storing(ports: Ports) -> Handle:
    def handle(envelope: EventEnvelope) -> None:
        run_now(store_event(ports, _recorded(envelope)))

    return handle


def _recorded(envelope: EventEnvelope) -> RecordedEvent:
    return RecordedEvent(
        event_id=envelope.event_id,
        type=envelope.type,
        tenant_id=envelope.tenant_id,
        aggregate_id=envelope.aggregate_id,
        sequence=envelope.sequence,
        occurred_at=envelope.occurred_time.ToDatetime(UTC),
        data=_payload(envelope),
    )


def _payload(envelope: EventEnvelope) -> dict[str, object]:
    try:
        message = GetMessageClass(Default().FindMessageTypeByName(envelope.schema))
        return to_json(message.FromString(envelope.payload))
    except (KeyError, DecodeError) as error:
        raise UndecodableEventError(
            f"{envelope.type} carries {envelope.schema}, which we cannot read"
        ) from error
