import asyncio

import pytest

from aftercare.loyalty.v1 import account_service_pb2
from services.chassis.kernel.errors import AftercareError
from tests.integration.loyalty.world import World, basket, context

pytestmark = pytest.mark.integration


async def test_R6_a_request_and_a_source_have_one_effect(world: World) -> None:
    member = await world.member()
    request = world.earn_request(member, basket("99", 5_000), "K1")
    first = await world.points.EarnPoints(request)
    assert [entry.points for entry in first.entries] == [50]

    for _ in range(5):
        again = await world.points.EarnPoints(request)
        assert again.replayed
        again.replayed = False
        assert again == first

    with pytest.raises(AftercareError) as reused:
        await world.points.EarnPoints(world.earn_request(member, basket("99", 6_000), "K1"))
    assert reused.value.reason == "IDEMPOTENCY_KEY_REUSED"
    with pytest.raises(AftercareError) as duplicate:
        await world.points.EarnPoints(world.earn_request(member, basket("99", 5_000), "K2"))
    assert duplicate.value.reason == "DUPLICATE_SOURCE"
    assert duplicate.value.metadata["entry_id"] == first.entries[0].entry_id
    assert (await world.balance(member)).pending == 50


async def test_R6_the_same_key_at_once_on_two_servers_is_answered_alike(world: World) -> None:
    member = await world.member()
    request = world.earn_request(member, basket("1", 5_000), "K")
    _, other = world.stubs(await world.serve())

    answers = await asyncio.gather(
        *((other if number % 2 else world.points).EarnPoints(request) for number in range(16))
    )

    assert sum(not answer.replayed for answer in answers) == 1
    assert len({answer.entries[0].hash for answer in answers}) == 1
    assert await world.kinds(member) == [("EARN_PENDING", 50)]


async def test_R6_stored_answers_of_reservations_and_returns_are_given_again(world: World) -> None:
    member = await world.member()
    await world.earn(member, "o", 10_000)
    held = await world.reserve(member, 60, key="R")
    await world.commit(member, held.reservation.reservation_id)

    again = await world.reserve(member, 60, key="R")

    assert again.replayed
    again.replayed = False
    assert again == held
    with pytest.raises(AftercareError, match="IDEMPOTENCY_KEY_REUSED"):
        await world.reserve(member, 61, key="R")
    done = await world.process_return(member, "o", "r", line_1=10_000)
    assert done.points_clawed.deficit == 60
    with pytest.raises(AftercareError, match="DUPLICATE_SOURCE"):
        await world.process_return(member, "o", "r", line_1=10_000)


async def test_a_refusal_is_not_stored_under_the_key(world: World) -> None:
    member = await world.member()
    with pytest.raises(AftercareError, match="INSUFFICIENT_POINTS"):
        await world.reserve(member, 10, key="R")
    await world.adjust(member, 10)

    assert (await world.reserve(member, 10, key="R")).balance.held == 10


async def test_a_customer_joins_a_programme_once(world: World) -> None:
    program_id = await world.program()

    async def join(key: str, account_id: str, customer_id: str) -> object:
        return await world.accounts.CreateAccount(
            account_service_pb2.CreateAccountRequest(
                ctx=context(key), program_id=program_id, customer_id=customer_id, account_id=account_id
            )
        )

    first = await join("1", "m1", "c1")
    assert await join("1", "m1", "c1") == first
    for key, account_id, customer_id in (("2", "m1", "c2"), ("3", "m2", "c1"), ("4", "m1", "c1")):
        with pytest.raises(AftercareError, match="ALREADY_ENROLLED"):
            await join(key, account_id, customer_id)
    with pytest.raises(AftercareError, match="PROGRAM_NOT_FOUND"):
        await world.accounts.CreateAccount(
            account_service_pb2.CreateAccountRequest(ctx=context("5"), program_id="no", customer_id="c")
        )


async def test_tenants_with_the_same_names_never_meet(world: World) -> None:
    member = await world.member()
    await world.adjust(member, 10)

    with pytest.raises(AftercareError, match="ACCOUNT_NOT_FOUND"):
        await world.accounts.GetBalance(
            account_service_pb2.GetBalanceRequest(ctx=context(tenant="other"), account_id=member)
        )
