"""Calling a return off, and its race with the courier's scan."""

import asyncio
from datetime import timedelta

import pytest

from aftercare.returns.v1 import resources_pb2
from services.chassis.kernel.coroutines import run_now
from services.chassis.kernel.errors import AftercareError
from services.returns.application.use_cases.look_after_pickups import look_after_pickups
from tests.integration.returns.world import Case, PickupState, World

B3 = [("B", 3, resources_pb2.REASON_CHANGED_MIND)]
WITHDRAW = "POST /v2/collections/*"


async def booked(world: World) -> Case:
    await world.o1()
    case = await world.booked(await world.opened(B3))
    world.courier.sink.take()
    return case


async def test_without_a_pickup_the_units_are_free_at_once(world: World) -> None:
    await world.o1()
    case = await world.cancelled(await world.opened(B3))
    assert case.state == Case.STATE_CANCELLED
    again = await world.opened(B3)
    assert again.state == Case.STATE_APPROVED
    assert (await world.cancelled(case)).state == Case.STATE_CANCELLED


async def test_the_courier_is_called_off_first(world: World) -> None:
    case = await world.cancelled(await booked(world))
    assert case.state == Case.STATE_CANCELLED
    assert case.pickups[0].state == PickupState.STATE_CANCELLED
    story = await world.story(case)
    assert (
        story.index("pickup.cancel_requested")
        < story.index("pickup.cancelled")
        < story.index("return.cancelled")
    )
    await world.opened(B3)


async def test_a_courier_that_refuses_comes_for_the_parcel(world: World) -> None:
    await world.o1("O1-409")
    case = await world.booked(await world.opened(B3, "O1-409"))
    with pytest.raises(AftercareError, match="PICKUP_CUTOFF_PASSED"):
        await world.cancelled(case)
    case = await world.now(case)
    assert (case.state, case.pickups[0].state) == (Case.STATE_APPROVED, PickupState.STATE_SCHEDULED)
    assert "return.cancel_rejected" in world.topics(case.return_id)


async def test_a_courier_that_decides_later_tells_by_webhook(world: World) -> None:
    await world.o1("O1-PENDING")
    case = await world.booked(await world.opened(B3, "O1-PENDING"))
    case = await world.cancelled(case)
    assert (case.state, case.pickups[0].state) == (Case.STATE_APPROVED, PickupState.STATE_CANCEL_REQUESTED)
    world.courier.sink.take()
    await world.scan(case, "K95")
    await world.take_webhooks()
    case = await world.now(case)
    assert (case.state, case.pickups[0].state) == (Case.STATE_CANCELLED, PickupState.STATE_CANCELLED)
    await world.opened(B3, "O1-PENDING")


async def test_a_lost_answer_to_a_cancellation_is_found_out_by_the_timer(world: World) -> None:
    case = await booked(world)
    world.courier.control("fault", on=WITHDRAW, kind="drop_after", times=1)
    case = await world.cancelled(case)
    assert (case.state, case.pickups[0].state) == (Case.STATE_APPROVED, PickupState.STATE_CANCEL_REQUESTED)
    world.clock.instant += timedelta(minutes=1)
    assert run_now(look_after_pickups(world.work)) == 1
    assert (await world.now(case)).state == Case.STATE_CANCELLED


async def test_after_the_scan_it_is_too_late(world: World) -> None:
    case = await booked(world)
    await world.scan(case, "K20")
    await world.take_webhooks()
    with pytest.raises(AftercareError, match="ALREADY_COLLECTED"):
        await world.cancelled(case)
    await world.received(case, [("B", 3)])
    with pytest.raises(AftercareError, match="ALREADY_RECEIVED"):
        await world.cancelled(case)


async def test_a_scan_wins_over_a_cancellation_on_its_way(world: World) -> None:
    case = await booked(world)
    world.courier.control("fault", on=WITHDRAW, kind="503", times=1)
    case = await world.cancelled(case)
    assert case.pickups[0].state == PickupState.STATE_CANCEL_REQUESTED
    await world.scan(case, "K20")
    await world.take_webhooks()
    case = await world.now(case)
    assert (case.state, case.pickups[0].state) == (Case.STATE_IN_TRANSIT, PickupState.STATE_COLLECTED)
    told = world.topics(case.return_id)
    assert told.index("return.cancel_rejected") < told.index("return.in_transit")
    world.clock.instant += timedelta(minutes=1)
    assert run_now(look_after_pickups(world.work)) == 0


async def test_a_scan_from_before_the_confirmation_reopens_what_was_cancelled(world: World) -> None:
    case = await world.cancelled(await booked(world))
    world.courier.sink.take()
    await world.scan(case, "K20", occurred_at=(world.clock.now() - timedelta(hours=1)).isoformat())
    await world.take_webhooks()
    case = await world.now(case)
    assert case.state == Case.STATE_IN_TRANSIT
    assert {"return.cancel_rejected", "return.reopened_by_scan"} <= set(world.topics(case.return_id))
    with pytest.raises(AftercareError, match="UNITS_ALREADY_ON_RETURN"):
        await world.opened(B3)


async def test_a_scan_after_the_units_went_elsewhere_calls_a_person(world: World) -> None:
    case = await world.cancelled(await booked(world))
    await world.opened(B3)
    world.courier.sink.take()
    await world.scan(case, "K20")
    await world.take_webhooks()
    assert (await world.now(case)).state == Case.STATE_CANCELLED
    assert "return.scan_after_cancel" in await world.story(case)


async def test_cancel_and_scan_at_the_same_time_end_in_one_story(world: World) -> None:
    case = await booked(world)
    await world.scan(case, "K20", occurred_at=(world.clock.now() - timedelta(minutes=5)).isoformat())
    await asyncio.gather(world.cancelled(case), world.take_webhooks(), return_exceptions=True)
    case = await world.now(case)
    # Whoever commits first, the courier has the parcel: the return is on its way.
    assert (case.state, case.pickups[0].state) == (Case.STATE_IN_TRANSIT, PickupState.STATE_COLLECTED)
    with pytest.raises(AftercareError, match="UNITS_ALREADY_ON_RETURN"):
        await world.opened(B3)
