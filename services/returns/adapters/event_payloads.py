"""Domain events as the payloads of `returns_events.proto`."""

from google.protobuf.message import Message

from aftercare.returns.v1 import resources_pb2, returns_events_pb2
from services.chassis.kernel.events import DomainEvent
from services.chassis.wire import from_datetime, from_money
from services.returns.domain.cases.story import ReturnProgressed, SettlementRequested
from services.returns.domain.orders.telling import OrderDelivered, OrderPaid


def payload_of(event: DomainEvent) -> Message:
    """The payload of an event. Raises TypeError for data of another service."""
    match event.data:
        case ReturnProgressed():
            return _progressed(event.data)
        case SettlementRequested():
            return _settlement(event.data)
        case OrderPaid():
            return _paid(event.data)
        case OrderDelivered():
            return returns_events_pb2.OrderDelivered(
                order_id=event.data.order_id,
                loyalty_account_id=event.data.loyalty_account_id,
                deliver_time=from_datetime(event.data.delivered_at),
            )
        case _:
            raise TypeError(f"no payload for {event.type}: {type(event.data).__name__}")


def _progressed(data: ReturnProgressed) -> returns_events_pb2.ReturnProgressed:
    case = data.case
    settlement = f"SETTLEMENT_STATE_{case.settlement_state}"
    return returns_events_pb2.ReturnProgressed(
        return_id=case.return_id,
        rma_number=case.rma_number,
        order_id=case.order_id,
        customer_id=case.customer_id,
        loyalty_account_id=case.loyalty_account_id,
        state=resources_pb2.ReturnCase.State.Value(f"STATE_{case.state}"),
        settlement_state=resources_pb2.ReturnCase.SettlementState.Value(settlement),
        detail=data.detail,
    )


def _settlement(data: SettlementRequested) -> returns_events_pb2.SettlementRequested:
    case = data.case
    return returns_events_pb2.SettlementRequested(
        return_id=case.return_id,
        order_id=case.order_id,
        customer_id=case.customer_id,
        loyalty_account_id=case.loyalty_account_id,
        settlement_key=data.settlement.key,
        cash=from_money(data.cash),
        points=data.points,
        lines=[
            returns_events_pb2.SettledLine(
                line_id=line.line_id, quantity=line.quantity, refund_amount=from_money(line.amount)
            )
            for line in data.settlement.lines
        ],
        trigger=data.settlement.trigger,
    )


def _paid(data: OrderPaid) -> returns_events_pb2.OrderPaid:
    order = data.order
    return returns_events_pb2.OrderPaid(
        order_id=order.order_id,
        customer_id=order.customer_id,
        loyalty_account_id=order.loyalty_account_id,
        loyalty_program_id=order.loyalty_program_id,
        lines=[
            returns_events_pb2.PaidLine(
                line_id=line.line_id,
                sku=line.sku,
                quantity=line.quantity,
                net=from_money(line.net),
                tender_points=line.tender_points,
            )
            for line in data.lines
        ],
        tenders=[
            resources_pb2.Tender(
                kind=resources_pb2.Tender.Kind.Value(f"KIND_{tender.kind}"),
                amount=from_money(order.money(tender.amount)),
                points=tender.points,
                reference=tender.reference,
            )
            for tender in order.tenders
        ],
        total=from_money(order.money(order.total)),
        place_time=from_datetime(order.placed_at),
    )
