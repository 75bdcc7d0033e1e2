"""Events of others and the clock: decode, call the reaction."""

from collections.abc import Awaitable, Callable
from functools import partial

from aftercare.common.v1.event_pb2 import EventEnvelope
from aftercare.loyalty.v1 import loyalty_events_pb2
from aftercare.refunds.v1 import refunds_events_pb2
from services.chassis.events.declarations import Subscription, Timer
from services.chassis.events.envelopes import unpack
from services.chassis.kernel.coroutines import run_now
from services.returns.application.ports import Ports
from services.returns.application.reactions import on_points_return_processed as points
from services.returns.application.reactions import on_refund_told as refund
from services.returns.application.use_cases.look_after_pickups import look_after_pickups
from services.returns.application.use_cases.sort_parked_scans import sort_parked_scans

# Effects are free of order: refunds' own sequence decides which word is the newer one.
SUBSCRIPTIONS = (
    Subscription("refunds", ("refund.completed", "refund.failed"), refund.HANDLER),
    Subscription("loyalty", ("points.return_processed",), points.HANDLER),
)
PICKUPS_SECONDS = 1.0
PARKED_SECONDS = 5.0


def bound_to(ports: Ports) -> list[Subscription]:
    """The subscriptions with their code."""
    handlers = (handle_refund_told, handle_points_return_processed)
    return [
        subscription.handled_by(partial(handle, ports))
        for subscription, handle in zip(SUBSCRIPTIONS, handlers, strict=True)
    ]


def timers(ports: Ports) -> list[Timer]:
    """What is done by the clock. No leases: each pickup is claimed by itself, each scan is sorted once."""
    return [
        Timer("pickups", PICKUPS_SECONDS, _turn(look_after_pickups, ports), time_limit=600.0),
        Timer("parked_scans", PARKED_SECONDS, _turn(sort_parked_scans, ports)),
    ]


def handle_refund_told(ports: Ports, envelope: EventEnvelope) -> None:
    """`refund.completed` and `refund.failed`."""
    payload = unpack(envelope, refunds_events_pb2.RefundCompleted)
    event = refund.RefundTold(
        event_id=envelope.event_id,
        tenant_id=envelope.tenant_id,
        key=payload.request_key,
        sequence=envelope.sequence,
        succeeded=envelope.type == "refund.completed",
    )
    run_now(refund.on_refund_told(ports, event))


def handle_points_return_processed(ports: Ports, envelope: EventEnvelope) -> None:
    """`points.return_processed`."""
    payload = unpack(envelope, loyalty_events_pb2.PointsReturnProcessed)
    event = points.PointsReturnProcessed(envelope.event_id, envelope.tenant_id, payload.return_id)
    run_now(points.on_points_return_processed(ports, event))


def _turn(timer: Callable[[Ports], Awaitable[int]], ports: Ports) -> Callable[[], None]:
    async def turn() -> None:
        await timer(ports)

    return lambda: run_now(turn())
