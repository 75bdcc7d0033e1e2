"""Booking the courier: lost answers, taken slots, dead processes. Never two visits for one wish."""

import asyncio
from datetime import timedelta

import pytest

from aftercare.returns.v1 import pickup_service_pb2, resources_pb2
from services.chassis.kernel.coroutines import run_now
from services.chassis.kernel.errors import AftercareError, Kind
from services.returns.application.use_cases.look_after_pickups import look_after_pickups
from tests.integration.returns.world import ADDRESS, Case, PickupState, World

B1 = [("B", 1, resources_pb2.REASON_CHANGED_MIND)]
BOOK = "POST /v2/collections"


async def opened(world: World) -> Case:
    await world.o1()
    return await world.opened(B1)


def look_after(world: World, after: timedelta = timedelta(minutes=1)) -> int:
    world.clock.instant += after
    return run_now(look_after_pickups(world.work))


def visits(world: World) -> int:
    """How many collections the courier has on its books."""
    return len(world.courier.state()["collections"])


async def test_slots_are_the_couriers(world: World) -> None:
    case = await opened(world)
    slots = await world.slots(case)
    assert slots
    assert [slot.start_time.seconds for slot in slots] == sorted(slot.start_time.seconds for slot in slots)
    assert slots[0].timezone == "Europe/Warsaw"
    nowhere = resources_pb2.Address()
    nowhere.CopyFrom(ADDRESS)
    nowhere.postal_code = "99-100"
    with pytest.raises(AftercareError, match="NO_COVERAGE"):
        await world.pickups.ListSlots(
            pickup_service_pb2.ListSlotsRequest(
                ctx=world.ctx(), return_id=case.return_id, address=nowhere, days=3
            )
        )


async def test_the_same_booking_twice_is_one_visit(world: World) -> None:
    case = await opened(world)
    slot = (await world.slots(case))[0].slot_id
    both = await asyncio.gather(
        *(world.booked(case, slot, key="book") for _ in range(2)), return_exceptions=True
    )
    again = await world.booked(case, slot, key="book")
    assert [pickup.state for pickup in again.pickups] == [PickupState.STATE_SCHEDULED]
    # The slower one is told to ask again, unless the faster one was done already.
    told = {one.reason if isinstance(one, AftercareError) else "" for one in both}
    assert "" in told
    assert told <= {"", "BOOKING_IN_PROGRESS"}
    assert visits(world) == 1
    with pytest.raises(AftercareError, match="PICKUP_ALREADY_BOOKED"):
        await world.booked(case, slot)


async def test_a_taken_slot_leaves_the_customer_free_to_choose_another(world: World) -> None:
    case = await opened(world)
    slots = await world.slots(case)
    world.courier.control("script", endings="SLOTTAKEN", bookings=1)
    with pytest.raises(AftercareError) as refused:
        await world.booked(case, slots[0].slot_id, key="taken")
    assert (refused.value.kind, refused.value.reason) == (Kind.FAILED_PRECONDITION, "SLOT_TAKEN")
    with pytest.raises(AftercareError, match="SLOT_TAKEN"):
        await world.booked(case, slots[0].slot_id, key="taken")
    case = await world.booked(case, slots[1].slot_id)
    assert [pickup.state for pickup in case.pickups] == [
        PickupState.STATE_BOOKING_FAILED,
        PickupState.STATE_SCHEDULED,
    ]
    assert len(case.shipments) == 1


async def test_a_lost_answer_is_found_out_and_never_booked_twice(world: World) -> None:
    case = await opened(world)
    world.courier.control("fault", on=BOOK, kind="drop_after", times=1)
    case = await world.booked(case)
    assert case.pickups[0].state == PickupState.STATE_BOOKING_UNKNOWN
    assert look_after(world) == 1
    case = await world.now(case)
    assert case.pickups[0].state == PickupState.STATE_SCHEDULED
    assert case.pickups[0].confirmation
    assert visits(world) == 1
    assert look_after(world) == 0


async def test_a_lost_booking_that_never_was_is_made_by_the_timer(world: World) -> None:
    case = await opened(world)
    world.courier.control("fault", on=BOOK, kind="500", times=1)
    case = await world.booked(case)
    assert case.pickups[0].state == PickupState.STATE_BOOKING_UNKNOWN
    look_after(world)
    assert (await world.now(case)).pickups[0].state == PickupState.STATE_SCHEDULED
    assert visits(world) == 1


async def test_while_the_courier_is_silent_the_timer_asks_more_and_more_seldom(world: World) -> None:
    case = await opened(world)
    world.courier.control("fault", on=BOOK, kind="drop_after", times=1)
    await world.booked(case)
    world.courier.control("fault", on="GET /v2/collections*", kind="503", times=2)
    assert [look_after(world), look_after(world)] == [1, 1]
    assert look_after(world, timedelta(seconds=1)) == 0
    look_after(world, timedelta(minutes=5))
    assert (await world.now(case)).pickups[0].state == PickupState.STATE_SCHEDULED
    assert visits(world) == 1


async def test_a_killed_process_is_finished_by_the_timer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await opened(world)
    slot = (await world.slots(case))[0].slot_id

    async def die(*_: object, **__: object) -> None:
        raise RuntimeError("killed between our commit and the courier's call")

    monkeypatch.setattr("services.returns.application.use_cases.book_pickup.finish_booking", die)
    with pytest.raises(AftercareError):
        await world.booked(case, slot, key="killed")
    monkeypatch.undo()
    with pytest.raises(AftercareError) as busy:
        await world.booked(case, slot, key="killed")
    assert (busy.value.kind, busy.value.reason) == (Kind.UNAVAILABLE, "BOOKING_IN_PROGRESS")
    assert (await world.now(case)).pickups[0].state == PickupState.STATE_REQUESTED
    assert look_after(world, timedelta(0)) == 0, "the dead one may still be at work"
    assert look_after(world) == 1
    assert (await world.now(case)).pickups[0].state == PickupState.STATE_SCHEDULED
    assert visits(world) == 1


async def test_a_courier_that_is_down_can_be_asked_again_with_the_same_key(world: World) -> None:
    case = await opened(world)
    slot = (await world.slots(case))[0].slot_id
    world.courier.control("fault", on="POST /v2/*", kind="503", times=1)
    with pytest.raises(AftercareError) as refused:
        await world.booked(case, slot, key="again")
    assert (refused.value.kind, refused.value.reason) == (Kind.UNAVAILABLE, "CARRIER_DOWN")
    case = await world.booked(case, slot, key="again")
    assert [pickup.state for pickup in case.pickups] == [PickupState.STATE_SCHEDULED]


async def test_there_is_no_label_before_a_booking(world: World) -> None:
    case = await opened(world)
    with pytest.raises(AftercareError, match="LABEL_NOT_READY"):
        await world.pickups.GetLabel(
            pickup_service_pb2.GetLabelRequest(
                ctx=world.ctx(), return_id=case.return_id, format=pickup_service_pb2.Label.FORMAT_ZPL
            )
        )


async def test_a_visit_in_vain_is_told_and_another_can_be_booked(world: World) -> None:
    case = await world.booked(await opened(world))
    world.courier.sink.take()
    await world.scan(case, "K19", cause="N1")
    await world.take_webhooks()
    case = await world.now(case)
    assert case.pickups[0].state == PickupState.STATE_ATTEMPT_FAILED
    assert case.state == Case.STATE_APPROVED
    [told] = world.events("pickup.attempt_failed")
    assert b"CUSTOMER_ABSENT" in told.payload
