import asyncio
from datetime import timedelta

import pytest

from aftercare.common.v1 import context_pb2
from aftercare.returns.v1 import order_service_pb2, resources_pb2, returns_service_pb2
from services.chassis.kernel.errors import AftercareError, Kind
from tests.integration.returns.messages import o1_message, pln
from tests.integration.returns.world import World


async def test_an_order_is_taken_over_once(world: World) -> None:
    order = o1_message()
    first, second = await asyncio.gather(world.imported(order), world.imported(order))
    assert first == second
    assert first.total.minor == 32495
    assert len(world.events("order.paid")) == 1
    order.lines[0].title = "Another coat"
    with pytest.raises(AftercareError) as refused:
        await world.imported(order)
    assert (refused.value.kind, refused.value.reason) == (Kind.ALREADY_EXISTS, "DUPLICATE_ORDER")


async def test_the_same_key_with_another_body_is_refused(world: World) -> None:
    await world.imported(o1_message("O1"), key="k")
    with pytest.raises(AftercareError) as refused:
        await world.imported(o1_message("O2"), key="k")
    assert (refused.value.kind, refused.value.reason) == (Kind.ALREADY_EXISTS, "IDEMPOTENCY_CONFLICT")


async def test_bad_orders_are_refused_with_their_reason(world: World) -> None:
    short = o1_message()
    short.tenders[0].amount.minor -= 1
    mixed = o1_message()
    mixed.shipping.currency = "EUR"
    unknown = o1_message()
    for money in (
        *(line.unit_price for line in unknown.lines),
        unknown.discount,
        unknown.shipping,
        unknown.shipping_cheapest,
        unknown.tenders[0].amount,
    ):
        money.currency = "ZZZ"
    for order, reason in (
        (short, "TENDERS_DO_NOT_SUM"),
        (mixed, "CURRENCY_MISMATCH"),
        (unknown, "INVALID_CURRENCY"),
    ):
        with pytest.raises(AftercareError) as refused:
            await world.imported(order)
        assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, reason)
    assert world.raw["orders"].count_documents({}) == 0
    assert world.raw["outbox"].count_documents({}) == 0


async def test_history_comes_in_bulk_and_a_bad_row_fails_alone(world: World) -> None:
    orders = [o1_message(f"H{number}") for number in range(10)]
    orders[3].tenders[0].amount.CopyFrom(pln(1))
    orders.append(o1_message("H0"))
    changed = o1_message("H1")
    changed.lines[0].title = "Other"
    orders.append(changed)
    chunks = [
        order_service_pb2.ImportOrdersRequest(ctx=world.ctx(), orders=orders[start : start + 5])
        for start in range(0, len(orders), 5)
    ]

    done = await world.orders.ImportOrders(iter(chunks))

    assert (done.rows, done.imported, done.duplicates, done.error_count) == (12, 9, 1, 2)
    assert [(error.row, error.reason) for error in done.errors] == [
        (3, "TENDERS_DO_NOT_SUM"),
        (11, "DUPLICATE_ORDER"),
    ]
    assert world.raw["outbox"].count_documents({}) == 0
    again = await world.orders.ImportOrders(iter(chunks))
    assert (again.imported, again.duplicates, again.error_count) == (0, 10, 2)
    order = await world.orders.GetOrder(order_service_pb2.GetOrderRequest(ctx=world.ctx(), order_id="H7"))
    assert order.total.minor == 32495


async def test_a_customer_sees_only_their_own(world: World) -> None:
    await world.o1()
    for actor_id, is_theirs in (("cus-1", True), ("cus-2", False)):
        ctx = world.ctx(actor=context_pb2.Actor.TYPE_CUSTOMER, actor_id=actor_id)
        request = returns_service_pb2.ListReturnableItemsRequest(ctx=ctx, order_id="O1")
        if is_theirs:
            assert len((await world.returns.ListReturnableItems(request)).items) == 2
        else:
            with pytest.raises(AftercareError) as refused:
                await world.returns.ListReturnableItems(request)
            assert refused.value.reason == "ORDER_NOT_FOUND"
    ctx = world.ctx(actor=context_pb2.Actor.TYPE_CUSTOMER, actor_id="cus-1")
    with pytest.raises(AftercareError) as refused:
        await world.orders.ImportOrder(order_service_pb2.ImportOrderRequest(ctx=ctx, order=o1_message("O9")))
    assert refused.value.kind is Kind.PERMISSION_DENIED


async def test_items_say_what_can_go_back_and_why_not(world: World) -> None:
    await world.imported(o1_message())

    async def items() -> list[tuple[str, int, str]]:
        request = returns_service_pb2.ListReturnableItemsRequest(ctx=world.ctx(), order_id="O1")
        found = (await world.returns.ListReturnableItems(request)).items
        return [(item.line_id, item.returnable_quantity, item.blocked_reason) for item in found]

    assert await items() == [("A", 0, "NOT_DELIVERED"), ("B", 0, "NOT_DELIVERED")]
    await world.delivered("O1")
    await world.opened([("A", 1, resources_pb2.REASON_UNSPECIFIED)])
    assert await items() == [("A", 0, "ALREADY_ON_RETURN"), ("B", 3, "")]
    world.clock.instant += timedelta(days=30)
    assert await items() == [("A", 0, "WINDOW_CLOSED"), ("B", 0, "WINDOW_CLOSED")]
