"""Events of the returns service, and the sweep: decode, call the reaction."""

from functools import partial

from aftercare.common.v1.event_pb2 import EventEnvelope
from aftercare.returns.v1 import returns_events_pb2
from services.chassis.events.declarations import Subscription, Timer
from services.chassis.events.envelopes import unpack
from services.chassis.kernel.coroutines import run_now
from services.chassis.kernel.unit_of_work import Inbox
from services.chassis.wire import to_datetime
from services.loyalty.application.ports import Ports
from services.loyalty.application.reactions import events
from services.loyalty.application.reactions.on_order_delivered import on_order_delivered
from services.loyalty.application.reactions.on_order_paid import on_order_paid
from services.loyalty.application.reactions.on_return_ended import on_return_ended
from services.loyalty.application.reactions.on_return_requested import on_return_requested
from services.loyalty.application.reactions.on_settlement_requested import on_settlement_requested
from services.loyalty.application.use_cases.sweep_accounts import sweep_accounts
from services.loyalty.domain.orders import Basket, BasketLine, Returned, ReturnedLine

PAID, DELIVERED, REQUESTED = "on_order_paid", "on_order_delivered", "on_return_requested"
ENDED, SETTLED = "on_return_ended", "on_settlement_requested"
_ENDINGS = ("return.closed", "return.cancelled", "return.rejected")

# None needs order: facts that come before the payment are kept until the order has earned.
SUBSCRIPTIONS = (
    Subscription("returns", ("order.paid",), PAID),
    Subscription("returns", ("order.delivered",), DELIVERED),
    Subscription("returns", ("return.requested",), REQUESTED),
    Subscription("returns", _ENDINGS, ENDED),
    Subscription("returns", ("return.settlement_requested",), SETTLED),
)


def bound_to(ports: Ports) -> list[Subscription]:
    """The subscriptions with their code."""
    handlers = (order_paid, order_delivered, return_requested, return_ended, settlement_requested)
    return [
        subscription.handled_by(partial(handle, ports))
        for subscription, handle in zip(SUBSCRIPTIONS, handlers, strict=True)
    ]


def timers(ports: Ports, sweep_seconds: float) -> list[Timer]:
    """What is done by the clock. No lease: accounts are compared by version, so two sweeps do no harm."""
    return [Timer("sweep", sweep_seconds, lambda: _sweep(ports), time_limit=120.0)]


def order_paid(ports: Ports, envelope: EventEnvelope) -> None:
    """`order.paid`. Orders of customers who are no members are not ours."""
    payload = unpack(envelope, returns_events_pb2.OrderPaid)
    if not payload.loyalty_account_id:
        return
    lines = tuple(
        BasketLine(line.line_id, line.quantity, line.net.minor, line.tender_points) for line in payload.lines
    )
    basket = Basket(payload.order_id, payload.total.currency, lines, to_datetime(payload.place_time))
    heard = _heard(PAID, envelope, payload.loyalty_account_id)
    event = events.OrderPaid(heard, payload.loyalty_program_id, payload.customer_id, basket)
    run_now(on_order_paid(ports, event))


def order_delivered(ports: Ports, envelope: EventEnvelope) -> None:
    """`order.delivered`."""
    payload = unpack(envelope, returns_events_pb2.OrderDelivered)
    if payload.loyalty_account_id:
        heard = _heard(DELIVERED, envelope, payload.loyalty_account_id)
        event = events.OrderDelivered(heard, payload.order_id, to_datetime(payload.deliver_time))
        run_now(on_order_delivered(ports, event))


def return_requested(ports: Ports, envelope: EventEnvelope) -> None:
    """`return.requested`."""
    payload = unpack(envelope, returns_events_pb2.ReturnProgressed)
    if payload.loyalty_account_id:
        heard = _heard(REQUESTED, envelope, payload.loyalty_account_id)
        run_now(on_return_requested(ports, events.ReturnMoved(heard, payload.order_id, payload.return_id)))


def return_ended(ports: Ports, envelope: EventEnvelope) -> None:
    """`return.closed`, `return.cancelled`, `return.rejected`."""
    payload = unpack(envelope, returns_events_pb2.ReturnProgressed)
    if payload.loyalty_account_id:
        heard = _heard(ENDED, envelope, payload.loyalty_account_id)
        run_now(on_return_ended(ports, events.ReturnMoved(heard, payload.order_id, payload.return_id)))


def settlement_requested(ports: Ports, envelope: EventEnvelope) -> None:
    """`return.settlement_requested`."""
    payload = unpack(envelope, returns_events_pb2.SettlementRequested)
    if not payload.loyalty_account_id:
        return
    lines = tuple(
        ReturnedLine(line.line_id, line.quantity, line.refund_amount.minor) for line in payload.lines
    )
    goods = Returned(
        payload.return_id,
        payload.cash.currency,
        lines,
        settled_points=payload.points,
        settlement=_number(payload.settlement_key),
    )
    heard = _heard(SETTLED, envelope, payload.loyalty_account_id)
    run_now(on_settlement_requested(ports, events.SettlementRequested(heard, payload.order_id, goods)))


def _heard(handler: str, envelope: EventEnvelope, account_id: str) -> events.Heard:
    return events.Heard(Inbox(handler, envelope.event_id), envelope.tenant_id, account_id)


def _number(settlement_key: str) -> int:
    """The settlement's number in `return:{return_id}:settlement:{n}`."""
    last = settlement_key.rpartition(":")[2]
    return int(last) if last.isdigit() and int(last) > 0 else 1


def _sweep(ports: Ports) -> None:
    run_now(sweep_accounts(ports))
