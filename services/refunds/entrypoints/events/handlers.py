"""Events of others, and our own doorbell: decode, call the reaction."""

from functools import partial

from aftercare.common.v1.event_pb2 import EventEnvelope
from aftercare.returns.v1 import returns_events_pb2
from aftercare.returns.v1.resources_pb2 import Tender as TenderMessage
from services.chassis.events.declarations import Subscription, Timer
from services.chassis.events.envelopes import unpack
from services.chassis.kernel.coroutines import run_now
from services.chassis.wire import to_money
from services.refunds.application.ports import Ports
from services.refunds.application.reactions import on_order_paid as paid
from services.refunds.application.reactions import on_settlement_requested as settlement
from services.refunds.application.use_cases.process_psp_event import process_psp_events
from services.refunds.application.use_cases.send_leg import send_due_legs
from services.refunds.domain.events import REFUND_REQUESTED

SEND_SECONDS, WEBHOOK_SECONDS = 0.5, 0.2
LANES = 4  # so that one call that hangs holds up a quarter of the sending, not all of it
_TIME_LIMIT = 120.0  # a turn may hold many calls of up to 23 s; its lease on a leg is renewed with each

SUBSCRIPTIONS = (
    Subscription("returns", ("order.paid",), paid.HANDLER),
    Subscription("returns", ("return.settlement_requested",), settlement.HANDLER),
    # Our own event rings for the sender, so that money asked for by gRPC leaves at once as well.
    Subscription(
        "refunds", (REFUND_REQUESTED,), "on_refund_requested", time_limit=_TIME_LIMIT, max_workers=4
    ),
)
_KINDS = {
    TenderMessage.KIND_CARD: paid.TenderKind.CARD,
    TenderMessage.KIND_POINTS: paid.TenderKind.POINTS,
    TenderMessage.KIND_EXTERNAL: paid.TenderKind.EXTERNAL,
}


def bound_to(ports: Ports) -> list[Subscription]:
    """The subscriptions with their code."""
    handlers = (handle_order_paid, handle_settlement_requested, handle_refund_requested)
    return [
        subscription.handled_by(partial(handle, ports))
        for subscription, handle in zip(SUBSCRIPTIONS, handlers, strict=True)
    ]


def timers(ports: Ports) -> list[Timer]:
    """What is done by the clock. No leases: each leg and each webhook is claimed by itself."""
    senders = [
        Timer(f"send_{lane}", SEND_SECONDS, lambda: _run_senders(ports), time_limit=_TIME_LIMIT)
        for lane in range(1, LANES + 1)
    ]
    return [
        *senders,
        Timer("webhooks", WEBHOOK_SECONDS, lambda: _run_webhooks(ports), time_limit=_TIME_LIMIT),
    ]


def handle_order_paid(ports: Ports, envelope: EventEnvelope) -> None:
    """`order.paid`."""
    payload = unpack(envelope, returns_events_pb2.OrderPaid)
    tenders = [
        paid.Tender(_KINDS[tender.kind], to_money(tender.amount), tender.reference)
        for tender in payload.tenders
        if tender.kind in _KINDS
    ]
    event = paid.OrderPaid(envelope.event_id, envelope.tenant_id, payload.order_id, tenders)
    run_now(paid.on_order_paid(ports, event))


def handle_settlement_requested(ports: Ports, envelope: EventEnvelope) -> None:
    """`return.settlement_requested`."""
    payload = unpack(envelope, returns_events_pb2.SettlementRequested)
    event = settlement.SettlementRequested(
        event_id=envelope.event_id,
        tenant_id=envelope.tenant_id,
        return_id=payload.return_id,
        order_id=payload.order_id,
        settlement_key=payload.settlement_key,
        cash=to_money(payload.cash),
        trigger=payload.trigger,
    )
    run_now(settlement.on_settlement_requested(ports, event))
    # The doorbell `refund.requested` comes back through the broker within milliseconds and rings the sender.


def handle_refund_requested(ports: Ports, _envelope: EventEnvelope) -> None:
    """Our own `refund.requested`: a leg is ready, whoever asked for it."""
    _run_senders(ports)


def _run_senders(ports: Ports) -> None:
    run_now(send_due_legs(ports, budget=50))


def _run_webhooks(ports: Ports) -> None:
    run_now(process_psp_events(ports))
