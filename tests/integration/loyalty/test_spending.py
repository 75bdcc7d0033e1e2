import asyncio
from datetime import timedelta
from typing import Any

import pytest

from aftercare.loyalty.v1 import points_service_pb2, resources_pb2
from services.chassis.kernel.errors import AftercareError
from tests.integration.loyalty.world import World, context

pytestmark = pytest.mark.integration


def reasons(outcomes: list[Any]) -> list[str]:
    return [outcome.reason for outcome in outcomes if isinstance(outcome, AftercareError)]


async def test_R1a_points_that_expire_first_are_spent_first(world: World) -> None:
    member = await world.member()
    await world.adjust(member, 100)
    world.clock.instant += timedelta(days=1)
    await world.adjust(member, 50)

    change = await world.spend(member, 120)

    allocations = [(each.lot_id, each.points) for each in change.entries[0].lot_allocations]
    assert allocations == [("a.1", 100), ("a.2", 20)]
    assert change.balance.available == 30


async def test_R1b_expiry_is_by_the_clock_and_written_once_by_any_number_of_sweeps(world: World) -> None:
    member = await world.member()
    await world.adjust(member, 30)
    world.clock.instant += timedelta(days=1)
    await world.adjust(member, 80)
    expires = (
        (await world.balance(member)).expiring[0].expire_time.ToDatetime(tzinfo=world.clock.now().tzinfo)
    )

    world.clock.instant = expires - timedelta(milliseconds=1)
    assert (await world.balance(member)).available == 110
    world.clock.instant = expires
    assert (await world.balance(member)).available == 80
    with pytest.raises(AftercareError) as refused:
        await world.reserve(member, 81)
    assert refused.value.reason == "INSUFFICIENT_POINTS"
    assert refused.value.metadata == {"available": "80", "requested": "81", "missing": "1"}

    await asyncio.gather(world.sweep(), world.sweep())
    await world.sweep()
    assert [kind for kind, _ in await world.kinds(member)].count("EXPIRE") == 1
    assert (await world.balance(member)).lifetime_expired == 30
    await world.reserve(member, 80)


async def test_R5a_two_holds_at_once_and_a_partial_commit(world: World) -> None:
    member = await world.member()
    await world.adjust(member, 500)

    outcomes = await asyncio.gather(
        world.reserve(member, 400), world.reserve(member, 400), return_exceptions=True
    )

    held = next(outcome for outcome in outcomes if not isinstance(outcome, BaseException))
    assert (held.balance.available, held.balance.held) == (100, 400)
    refused = next(outcome for outcome in outcomes if isinstance(outcome, AftercareError))
    assert refused.metadata == {"available": "100", "requested": "400", "missing": "300"}
    done = await world.commit(member, held.reservation.reservation_id, 250)
    assert (done.balance.available, done.balance.held) == (250, 0)
    assert [(entry.kind, entry.points) for entry in done.entries] == [
        (resources_pb2.LedgerEntry.KIND_COMMIT, 250),
        (resources_pb2.LedgerEntry.KIND_RELEASE, 150),
    ]


async def test_R5b_of_twenty_spends_at_once_on_two_servers_one_succeeds(world: World) -> None:
    member = await world.member()
    await world.adjust(member, 100)
    _, other = world.stubs(await world.serve())

    outcomes = await asyncio.gather(
        *(world.spend(member, 100, stub=other if number % 2 else None) for number in range(20)),
        return_exceptions=True,
    )

    assert reasons(outcomes) == ["INSUFFICIENT_POINTS"] * 19
    balance = await world.balance(member)
    assert (balance.available, balance.held, balance.lifetime_redeemed) == (0, 0, 100)


@pytest.mark.parametrize("ending", ["commit", "cancel", "lapse"])
async def test_R5c_held_points_outlive_their_lot(world: World, ending: str) -> None:
    member = await world.member(await world.program(expiry_months=1, timezone="Europe/Berlin"))
    await world.adjust(member, 100)
    expires = (
        (await world.balance(member)).expiring[0].expire_time.ToDatetime(tzinfo=world.clock.now().tzinfo)
    )
    world.clock.instant = expires - timedelta(minutes=10)
    held = await world.reserve(member, 100)
    world.clock.instant = expires + timedelta(minutes=3)
    await world.sweep()

    reservation_id = held.reservation.reservation_id
    if ending == "commit":
        assert (await world.commit(member, reservation_id)).balance.lifetime_redeemed == 100
    elif ending == "cancel":
        assert (await world.cancel(member, reservation_id)).balance.lifetime_expired == 100
    else:
        world.clock.instant = expires + timedelta(minutes=5)
        assert (await world.balance(member)).lifetime_expired == 100
        reservation = await world.points.GetReservation(
            points_service_pb2.GetReservationRequest(
                ctx=context(), account_id=member, reservation_id=reservation_id
            )
        )
        assert reservation.state == resources_pb2.Reservation.STATE_EXPIRED
        await world.sweep()
        with pytest.raises(AftercareError, match="HOLD_EXPIRED"):
            await world.commit(member, reservation_id)
    balance = await world.balance(member)
    assert (balance.available, balance.held) == (0, 0)


async def test_R1c_many_lots_are_one_spending_in_the_right_order(world: World) -> None:
    member = await world.member()
    for _ in range(8):
        await asyncio.gather(*(world.adjust(member, 10) for _ in range(80)))
        world.clock.instant += timedelta(days=1)

    first = await world.spend(member, 10)
    assert first.entries[0].lot_allocations[0].lot_id == "a.1"
    change = await world.spend(member, 6_390)

    assert change.balance.available == 0
    assert sum(each.points for each in change.entries[0].lot_allocations) == 6_390
