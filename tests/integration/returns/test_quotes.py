from datetime import timedelta

import pytest

from aftercare.returns.v1 import resources_pb2, returns_service_pb2
from services.chassis.kernel.errors import AftercareError, Kind
from tests.integration.returns.messages import o1_message
from tests.integration.returns.world import World

B1 = [("B", 1, resources_pb2.REASON_DEFECTIVE)]


async def refusal(asking: object) -> tuple[Kind, str]:
    with pytest.raises(AftercareError) as refused:
        await asking  # type: ignore[misc] # any coroutine
    return refused.value.kind, refused.value.reason


async def test_quotes_are_refused_with_their_reason(world: World) -> None:
    assert await refusal(world.quoted(B1)) == (Kind.NOT_FOUND, "ORDER_NOT_FOUND")
    await world.imported(o1_message())
    assert await refusal(world.quoted(B1)) == (Kind.FAILED_PRECONDITION, "NOT_DELIVERED")
    await world.delivered("O1", days_ago=2)
    too_many = [("B", 4, resources_pb2.REASON_DEFECTIVE)]
    assert await refusal(world.quoted(too_many)) == (Kind.FAILED_PRECONDITION, "RETURN_EXCEEDS_ORDER")
    unknown = [("Z", 1, resources_pb2.REASON_DEFECTIVE)]
    assert await refusal(world.quoted(unknown)) == (Kind.FAILED_PRECONDITION, "RETURN_EXCEEDS_ORDER")
    world.clock.instant += timedelta(days=29)
    assert await refusal(world.quoted(B1)) == (Kind.FAILED_PRECONDITION, "WINDOW_CLOSED")


async def test_a_quote_holds_for_thirty_minutes_also_past_the_window(world: World) -> None:
    order = o1_message()
    order.place_time.seconds -= 40 * 24 * 3600
    await world.imported(order)
    await world.delivered("O1", days_ago=30)
    quote = await world.quoted(B1)
    world.clock.instant += timedelta(minutes=29)
    assert await refusal(world.quoted(B1)) == (Kind.FAILED_PRECONDITION, "WINDOW_CLOSED")
    assert (await world.created(quote.quote_token)).quoted == quote.totals
    world.clock.instant += timedelta(minutes=1)
    assert await refusal(world.created(quote.quote_token)) == (Kind.FAILED_PRECONDITION, "QUOTE_EXPIRED")


async def test_a_quote_of_another_order_or_a_changed_one_is_refused(world: World) -> None:
    await world.o1("O1")
    await world.o1("O2")
    token = (await world.quoted(B1, "O1")).quote_token
    assert await refusal(world.created(token, "O2")) == (Kind.INVALID_ARGUMENT, "QUOTE_INVALID")
    assert await refusal(world.created(token[:-3] + "AAA", "O1")) == (Kind.INVALID_ARGUMENT, "QUOTE_INVALID")


async def test_returns_are_found_by_id_by_number_and_in_pages(world: World) -> None:
    await world.o1()
    cases = [await world.opened(B1) for _ in range(3)]
    by_number = await world.returns.GetReturn(
        returns_service_pb2.GetReturnRequest(ctx=world.ctx(), return_id=cases[0].rma_number)
    )
    assert by_number == cases[0]
    seen, token = [], ""
    for _ in range(2):
        page = await world.returns.ListReturns(
            returns_service_pb2.ListReturnsRequest(
                ctx=world.ctx(), order_id="O1", page_size=2, page_token=token
            )
        )
        seen += [case.return_id for case in page.returns]
        token = page.next_page_token
    assert seen == [case.return_id for case in reversed(cases)]
    assert token == ""
    missing = returns_service_pb2.GetReturnRequest(ctx=world.ctx(), return_id="ret_0")
    assert await refusal(world.returns.GetReturn(missing)) == (Kind.NOT_FOUND, "RETURN_NOT_FOUND")
