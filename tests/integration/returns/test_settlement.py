"""Receiving, grading, settling; refunds and loyalty answer in any order and more than once."""

import pytest

from aftercare.returns.v1 import resources_pb2, warehouse_service_pb2
from services.chassis.kernel.errors import AftercareError, Kind
from tests.integration.returns.world import Case, Unit, World

CHANGED_MIND = resources_pb2.REASON_CHANGED_MIND
B2 = [("B", 2, CHANGED_MIND)]


def key(case: Case, number: int = 1) -> str:
    return f"return:{case.return_id}:settlement:{number}"


async def inspected(world: World, *, member: bool = True) -> Case:
    await world.o1(member=member)
    case = await world.opened(B2)
    await world.received(case, [("B", 2)])
    return await world.inspected(case, [("B", 2)])


async def test_counts_add_up_and_a_surplus_is_refused(world: World) -> None:
    await world.o1()
    case = await world.opened(B2)
    case = await world.received(case, [("B", 1)], key="parcel")
    assert case.state == Case.STATE_PARTIALLY_RECEIVED
    assert await world.received(case, [("B", 1)], key="parcel") == case
    for surplus in ([("B", 2)], [("A", 1)], [("B", 1), ("B", 1)]):
        with pytest.raises(AftercareError) as refused:
            await world.received(case, surplus)
        assert (refused.value.kind, refused.value.reason) == (
            Kind.FAILED_PRECONDITION,
            "UNEXPECTED_QUANTITY",
        )
    case = await world.received(case, [("B", 1)])
    assert case.state == Case.STATE_RECEIVED
    with pytest.raises(AftercareError, match="WRONG_STATE"):
        await world.received(case, [("B", 1)])
    assert world.events("return.settlement_requested") == []


async def test_a_parcel_is_found_by_what_the_scanner_reads(world: World) -> None:
    await world.o1()
    case = await world.booked(await world.opened(B2))
    for code in (case.rma_number, case.return_id, case.shipments[0].tracking_number, f" {case.rma_number} "):
        found = await world.warehouse.LookupByScan(
            warehouse_service_pb2.LookupByScanRequest(ctx=world.ctx(), code=code)
        )
        assert found == case
    with pytest.raises(AftercareError, match="RETURN_NOT_FOUND"):
        await world.warehouse.LookupByScan(
            warehouse_service_pb2.LookupByScanRequest(ctx=world.ctx(), code="RMA-26-000001-0")
        )


async def test_grading_refuses_what_cannot_be(world: World) -> None:
    await world.o1()
    case = await world.opened(B2)
    with pytest.raises(AftercareError, match="NOT_RECEIVED"):
        await world.inspected(case, [("B", 1)])
    await world.received(case, [("B", 1)])
    with pytest.raises(AftercareError, match="NOT_RECEIVED"):
        await world.inspected(case, [("B", 2)])
    with pytest.raises(AftercareError, match="REDUCTION_REQUIRED"):
        await world.inspected(case, [("B", 1)], Unit.DECISION_ACCEPTED_REDUCED)
    with pytest.raises(AftercareError, match="REDUCTION_NOT_ALLOWED"):
        await world.inspected(case, [("B", 1)], Unit.DECISION_ACCEPTED, 100)
    assert (await world.now(case)).state == Case.STATE_PARTIALLY_RECEIVED


async def test_a_deduction_comes_off_the_money(world: World) -> None:
    await world.o1()
    case = await world.opened(B2)
    await world.received(case, [("B", 2)])
    case = await world.inspected(case, [("B", 1)], Unit.DECISION_ACCEPTED_REDUCED, 1500)
    assert case.state == Case.STATE_RECEIVED
    case = await world.inspected(case, [("B", 1)])
    assert case.state == Case.STATE_INSPECTED
    # 15 % of 42.85 is 6.43, as in case 5.
    assert (case.settled.goods.minor, case.settled.reduction.minor, case.settled.cash.minor) == (
        8570,
        643,
        7927,
    )
    assert world.topics(case.return_id).count("return.item_reduced") == 1


async def test_refused_goods_are_not_paid_for(world: World) -> None:
    await world.o1(member=False)
    case = await world.opened(B2)
    await world.received(case, [("B", 2)])
    await world.inspected(case, [("B", 1)], Unit.DECISION_REJECTED)
    case = await world.inspected(case, [("B", 1)])
    assert case.settled.cash.minor == 4285


async def test_when_all_goods_are_refused_nothing_is_owed_and_all_is_final(world: World) -> None:
    await world.o1(member=False)
    case = await world.opened([("A", 1, CHANGED_MIND), ("B", 3, CHANGED_MIND)])
    assert case.quoted.shipping.minor == 1299
    await world.received(case, [("A", 1), ("B", 3)])
    case = await world.inspected(case, [("A", 1), ("B", 3)], Unit.DECISION_REJECTED)
    assert (case.state, case.settlement_state) == (Case.STATE_CLOSED, Case.SETTLEMENT_STATE_SETTLED)
    assert case.settled.cash.minor == 0


@pytest.mark.parametrize("money_first", [True, False])
async def test_money_and_points_may_come_in_any_order(world: World, *, money_first: bool) -> None:
    case = await inspected(world)
    for is_money in (money_first, not money_first):
        assert (await world.now(case)).settlement_state == Case.SETTLEMENT_STATE_IN_PROGRESS
        if is_money:
            world.refund_told(key(case))
        else:
            world.points_told(case.return_id)
    case = await world.now(case)
    assert (case.state, case.settlement_state) == (Case.STATE_CLOSED, Case.SETTLEMENT_STATE_SETTLED)


async def test_without_a_membership_the_money_is_enough(world: World) -> None:
    case = await inspected(world, member=False)
    world.refund_told(key(case))
    assert (await world.now(case)).state == Case.STATE_CLOSED


async def test_the_same_event_again_changes_nothing(world: World) -> None:
    case = await inspected(world)
    for _ in range(3):
        world.points_told(case.return_id, event_id="points")
        world.refund_told(key(case), event_id="money")
    for _ in range(2):  # other events that say the same
        world.points_told(case.return_id)
        world.refund_told(key(case), sequence=3)
    told = world.topics(case.return_id)
    assert told.count("return.settled") == told.count("return.closed") == 1
    assert told.count("return.settlement_requested") == 1


async def test_a_failed_refund_that_is_sent_again_still_closes_the_return(world: World) -> None:
    case = await inspected(world, member=False)
    world.refund_told(key(case), ok=False, sequence=5)
    failed = await world.now(case)
    assert (failed.state, failed.settlement_state) == (
        Case.STATE_INSPECTED,
        Case.SETTLEMENT_STATE_FAILED,
    )
    world.refund_told(key(case), ok=True, sequence=6)
    assert (await world.now(case)).state == Case.STATE_CLOSED
    world.refund_told(key(case), ok=False, sequence=5)  # overtaken on its way
    assert (await world.now(case)).state == Case.STATE_CLOSED


async def test_money_that_comes_back_after_all_was_well_opens_the_return_again(world: World) -> None:
    case = await inspected(world, member=False)
    world.refund_told(key(case), sequence=5)
    world.refund_told(key(case), ok=False, sequence=7)
    case = await world.now(case)
    assert (case.state, case.settlement_state) == (Case.STATE_INSPECTED, Case.SETTLEMENT_STATE_FAILED)
    assert "return.settlement_failed" in world.topics(case.return_id)


async def test_refunds_of_others_are_none_of_ours(world: World) -> None:
    case = await inspected(world)
    told, before = world.topics(case.return_id), await world.now(case)
    for foreign in ("", "agent-1", "return:ret_0:settlement:1", "return::settlement:", "a:b:c:d:e"):
        world.refund_told(foreign)
    world.points_told("ret_0")
    assert world.topics(case.return_id) == told
    assert await world.now(case) == before


async def test_a_second_parcel_is_settled_by_itself_and_the_sums_are_right(world: World) -> None:
    await world.o1(member=False)
    case = await world.opened([("A", 1, CHANGED_MIND), ("B", 3, CHANGED_MIND)])
    await world.received(case, [("B", 3)])
    case = await world.inspected(case, [("B", 3)])
    assert (case.state, case.settled.cash.minor) == (Case.STATE_INSPECTED, 12854)
    world.refund_told(key(case))
    case = await world.now(case)
    assert (case.state, case.settlement_state) == (Case.STATE_INSPECTED, Case.SETTLEMENT_STATE_SETTLED)
    case = await world.received(case, [("A", 1)])
    assert case.state == Case.STATE_RECEIVED
    case = await world.inspected(case, [("A", 1)])
    assert case.settlement_state == Case.SETTLEMENT_STATE_PARTIAL
    assert case.settled.cash.minor == 31295
    world.refund_told(key(case, 2), sequence=9)
    assert (await world.now(case)).state == Case.STATE_CLOSED
