from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from aftercare.common.v1 import money_pb2
from aftercare.loyalty.v1 import points_service_pb2, resources_pb2
from aftercare.returns.v1 import returns_events_pb2
from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.unit_of_work import AlreadyHandledError
from services.chassis.wire import from_datetime
from tests.integration.loyalty.world import World, basket, context, money, returned_lines

pytestmark = pytest.mark.integration
Policy = resources_pb2.Program


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy.CLAWBACK_POLICY_ALLOW_NEGATIVE, {"deficit": 150, "displayed": -150}),
        (Policy.CLAWBACK_POLICY_WITHIN_BALANCE, {"written_off": 150}),
        (Policy.CLAWBACK_POLICY_RECOVER_FROM_REFUND, {"recover": 150}),
        (Policy.CLAWBACK_POLICY_ONLY_PENDING, {"unrecovered": 200, "displayed": 50}),
    ],
)
async def test_R2_points_spent_already_follow_the_policy(
    world: World, policy: Policy.ClawbackPolicy.ValueType, expected: dict[str, int]
) -> None:
    member = await world.member(await world.program(clawback_policy=policy))
    await world.adjust(member, 30)
    world.clock.instant += timedelta(days=1)
    await world.earn(member, "A", 20_000)
    await world.spend(member, 180)

    outcome = await world.process_return(member, "A", "r", line_1=20_000)

    clawed = outcome.points_clawed
    assert clawed.from_order_lots == (0 if "unrecovered" in expected else 50)
    assert clawed.deficit == expected.get("deficit", 0)
    assert clawed.written_off == expected.get("written_off", 0)
    assert clawed.unrecovered == expected.get("unrecovered", 0)
    assert outcome.recover_from_refund == money_pb2.Money(minor=expected.get("recover", 0), currency="EUR")
    assert outcome.balance.displayed == expected.get("displayed", 0)
    if "deficit" in expected:
        assert await world.told("balance.negative") == 1
        later = await world.earn(member, "B", 22_000)
        assert (later.balance.available, later.balance.deficit) == (70, 0)
        assert later.balance.lifetime_earned == 250


async def test_R3a_slices_claw_as_much_as_the_whole(world: World) -> None:
    member = await world.member(await world.program(earn_rate=resources_pb2.Fraction(num=1, den=1_000)))
    await world.earn(member, "o", 2_190)

    claws = [
        (await world.process_return(member, "o", f"r{amount}{place}", line_1=amount)).points_clawed
        for place, amount in enumerate((999, 999, 192))
    ]

    assert [claw.from_order_lots for claw in claws] == [1, 1, 0]


async def test_R3c_lines_sum_to_the_order(world: World) -> None:
    program_id = await world.program()
    forecast = await world.points.SimulateEarn(
        points_service_pb2.SimulateEarnRequest(
            ctx=context(), program_id=program_id, basket=basket("o", 333, 333, 334)
        )
    )

    assert forecast.amount == 10
    assert [line.points for line in forecast.breakdown] == [3, 3, 4]


async def test_R9a_and_R9c_points_come_back_to_their_lots(world: World) -> None:
    member = await world.member()
    await world.adjust(member, 500)
    world.clock.instant += timedelta(days=30)
    await world.adjust(member, 1_500)
    await world.spend(member, 2_000, order_id="O")
    now = world.clock.now()
    goods = basket("O", 4_800, 3_200, placed=now, delivered=now)
    goods.lines[0].tender_points, goods.lines[1].tender_points = 1_200, 800
    assert (await world.points.EarnPoints(world.earn_request(member, goods))).entries[0].points == 80
    told = await world.points.SimulateReturn(
        points_service_pb2.SimulateReturnRequest(
            ctx=context(), account_id=member, order_id="O", lines=returned_lines(line_1=6_000)
        )
    )

    first = await world.process_return(member, "O", "r1", line_1=6_000)
    world.clock.instant = (await world.balance(member)).expiring[0].expire_time.ToDatetime(
        tzinfo=world.clock.now().tzinfo
    ) - timedelta(days=200)
    second = await world.process_return(member, "O", "r2", line_2=4_000)

    def restored(outcome: Any) -> list[tuple[str, int]]:
        return [(each.lot_id, each.points) for each in outcome.points_restored]

    assert restored(first) == restored(told) == [("a.2", 1_200)]
    assert restored(second) == [("a.2", 300), ("a.1", 500)]
    assert [outcome.cash_refund.minor for outcome in (told, first, second)] == [4_800, 4_800, 3_200]
    assert [outcome.points_clawed.from_order_lots for outcome in (first, second)] == [48, 32]
    with pytest.raises(AftercareError, match="RETURN_EXCEEDS_ORDER"):
        await world.process_return(member, "O", "r3", line_2=1)


def paid(member: str, program_id: str, order_id: str, net: int, world: World) -> returns_events_pb2.OrderPaid:
    return returns_events_pb2.OrderPaid(
        order_id=order_id,
        customer_id=f"c-{member}",
        loyalty_account_id=member,
        loyalty_program_id=program_id,
        lines=[returns_events_pb2.PaidLine(line_id="1", quantity=1, net=money(net))],
        total=money(net),
        place_time=from_datetime(world.clock.now()),
    )


def moved(member: str, order_id: str, return_id: str) -> returns_events_pb2.ReturnProgressed:
    return returns_events_pb2.ReturnProgressed(
        return_id=return_id, order_id=order_id, loyalty_account_id=member
    )


def settled(member: str, order_id: str, amount: int) -> returns_events_pb2.SettlementRequested:
    return returns_events_pb2.SettlementRequested(
        return_id="ret",
        order_id=order_id,
        loyalty_account_id=member,
        settlement_key="return:ret:settlement:1",
        cash=money(amount),
        lines=[returns_events_pb2.SettledLine(line_id="1", quantity=1, refund_amount=money(amount))],
    )


async def test_the_story_of_an_order_by_its_events(world: World) -> None:
    program_id = await world.program(return_window_days=14)
    event = paid("anna", program_id, "o", 10_000, world)
    for _ in range(3):  # R6: delivered three times, twice under the same event id
        with suppress(AlreadyHandledError):
            await world.hear("order.paid", event, "evt-paid")
    await world.hear("order.paid", event, "evt-paid-again")
    assert await world.kinds("anna") == [("EARN_PENDING", 100)]

    delivered = returns_events_pb2.OrderDelivered(
        order_id="o", loyalty_account_id="anna", deliver_time=from_datetime(world.clock.now())
    )
    await world.hear("order.delivered", delivered)
    world.clock.instant += timedelta(days=10)
    await world.hear("return.requested", moved("anna", "o", "ret"))
    world.clock.instant += timedelta(days=10)
    assert await world.sweep() == 1  # it was due by its old date, and only looks
    assert (await world.balance("anna")).pending == 100

    await world.hear("return.settlement_requested", settled("anna", "o", 4_000))
    await world.hear("return.settlement_requested", settled("anna", "o", 4_000))
    assert await world.told("points.return_processed") == 1
    await world.hear("return.closed", moved("anna", "o", "ret"))
    assert await world.kinds("anna") == [("EARN_PENDING", 100), ("CLAWBACK", 40), ("ACTIVATE", 60)]
    assert await world.sweep() == 0


async def test_events_in_the_wrong_order_come_to_the_same(world: World) -> None:
    program_id = await world.program(return_window_days=14)
    member = await world.member(program_id)
    delivered = returns_events_pb2.OrderDelivered(
        order_id="o", loyalty_account_id=member, deliver_time=from_datetime(world.clock.now())
    )
    event = paid(member, program_id, "o", 10_000, world)
    world.clock.instant += timedelta(days=20)

    await world.hear("return.closed", moved(member, "o", "ret"))
    await world.hear("return.settlement_requested", settled(member, "o", 4_000))
    await world.hear("return.requested", moved(member, "o", "ret"))
    await world.hear("order.delivered", delivered)
    await world.hear("order.paid", event)

    assert (await world.balance(member)).available == 60
    assert await world.told("points.return_processed") == 1


async def test_delivery_over_grpc_fixes_the_activation(world: World) -> None:
    member = await world.member(await world.program(return_window_days=14))
    await world.points.EarnPoints(world.earn_request(member, basket("o", 10_000)))
    request = points_service_pb2.ActivatePointsRequest(
        ctx=context("deliver"), account_id=member, order_id="o", deliver_time=from_datetime(world.clock.now())
    )

    assert (await world.points.ActivatePoints(request)).balance.pending == 100
    assert (await world.points.ActivatePoints(request)).replayed
    world.clock.instant += timedelta(days=14)

    assert (await world.balance(member)).available == 100
    await world.sweep()
    assert await world.kinds(member) == [("EARN_PENDING", 100), ("ACTIVATE", 100)]
    request.ctx.idempotency_key, request.order_id = "other", "unknown"
    with pytest.raises(AftercareError, match="ORDER_NOT_EARNED"):
        await world.points.ActivatePoints(request)
