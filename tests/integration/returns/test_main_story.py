"""From the order to the money, through gRPC, with the courier over HTTP."""

from aftercare.returns.v1 import order_service_pb2, pickup_service_pb2, resources_pb2, returns_events_pb2
from tests.integration.returns.world import Case, PickupState, World

CHANGED_MIND = resources_pb2.REASON_CHANGED_MIND


async def test_a_return_goes_from_the_quote_to_the_money(world: World) -> None:
    await world.o1()
    quote = await world.quoted([("B", 1, CHANGED_MIND)])
    assert quote.totals.cash.minor == 4285

    case = await world.created(quote.quote_token)
    assert case.state == Case.STATE_APPROVED
    assert case.quoted == quote.totals

    case = await world.booked(case)
    assert case.pickups[0].state == PickupState.STATE_SCHEDULED
    assert case.shipments[0].tracking_number
    label = await world.pickups.GetLabel(
        pickup_service_pb2.GetLabelRequest(
            ctx=world.ctx(), return_id=case.return_id, format=pickup_service_pb2.Label.FORMAT_PDF
        )
    )
    assert label.content.startswith(b"%PDF")

    world.courier.sink.take()
    for code in ("K20", "K30", "K50"):
        await world.scan(case, code)
    await world.take_webhooks()
    case = await world.now(case)
    assert case.state == Case.STATE_IN_TRANSIT
    assert case.pickups[0].state == PickupState.STATE_COLLECTED
    assert case.shipments[0].state == resources_pb2.Shipment.STATE_DELIVERED

    case = await world.received(case, [("B", 1)])
    assert case.state == Case.STATE_RECEIVED
    case = await world.inspected(case, [("B", 1)])
    assert case.state == Case.STATE_INSPECTED
    assert case.settlement_state == Case.SETTLEMENT_STATE_IN_PROGRESS
    assert case.settled.cash.minor == 4285

    [told] = world.events("return.settlement_requested")
    settlement = returns_events_pb2.SettlementRequested.FromString(told.payload)
    assert settlement.settlement_key == f"return:{case.return_id}:settlement:1"
    assert (settlement.cash.minor, settlement.points) == (4285, 0)
    assert [(line.line_id, line.quantity, line.refund_amount.minor) for line in settlement.lines] == [
        ("B", 1, 4285)
    ]

    world.points_told(case.return_id)
    world.refund_told(settlement.settlement_key)
    case = await world.now(case)
    assert case.state == Case.STATE_CLOSED
    assert case.settlement_state == Case.SETTLEMENT_STATE_SETTLED
    assert world.topics(case.return_id) == [
        "return.requested",
        "return.approved",
        "pickup.scheduled",
        "pickup.collected",
        "return.in_transit",
        "return.delivered",
        "return.received",
        "return.inspected",
        "return.settlement_requested",
        "return.settled",
        "return.closed",
    ]


async def test_an_order_is_told_of_when_it_is_paid_and_when_it_is_delivered(world: World) -> None:
    await world.o1()
    await world.delivered("O1", days_ago=0)
    [paid] = world.events("order.paid")
    message = returns_events_pb2.OrderPaid.FromString(paid.payload)
    assert [(line.line_id, line.net.minor) for line in message.lines] == [("A", 17142), ("B", 12854)]
    assert message.total.minor == 32495
    assert len(world.events("order.delivered")) == 1
    order = await world.orders.GetOrder(order_service_pb2.GetOrderRequest(ctx=world.ctx(), order_id="O1"))
    assert order.deliver_time.seconds
