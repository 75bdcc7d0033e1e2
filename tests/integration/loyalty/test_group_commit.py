import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.chassis.kernel.context import Actor, ActorType, RequestContext
from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.adapters.mongo.accounts import account_key, to_account
from services.loyalty.adapters.mongo.entries import to_entry
from services.loyalty.adapters.mongo.lots import has_lot, to_lot
from services.loyalty.application.ports import Change, Needs
from services.loyalty.application.use_cases.earn_points import EarnPoints, earn_points
from services.loyalty.bootstrap import build_serve_ports
from services.loyalty.domain.account import Account
from services.loyalty.domain.ledger import Bucket, sums, verify_chain
from services.loyalty.domain.lots import LotState
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.spending import reserve
from services.loyalty.entrypoints.grpc.mapping import to_basket
from tests.integration.loyalty.world import TENANT, World, basket

pytestmark = pytest.mark.integration


async def prove(world: World, member: str) -> None:
    """Ledger, balances and lots of an account agree, and the chain is whole."""
    owner = account_key(TENANT, member)
    row = await world.db["accounts"].find_one({"_id": owner})
    assert row is not None
    account = to_account(row)
    query = {"_id": {"$gt": f"{owner}/", "$lt": f"{owner}0"}}
    entries = [to_entry(each) async for each in world.db["entries"].find(query).sort("_id", 1)]
    lots = [to_lot(each) async for each in world.db["lots"].find({"owner": owner}) if has_lot(each)]
    assert verify_chain(entries) == (True, 0, "")
    assert account.sequence == len(entries)
    assert account.buckets == sums(entries)
    active = sum(lot.remaining for lot in lots if lot.state is LotState.ACTIVE)
    assert active == account.available + account.buckets[Bucket.HELD]
    pending = sum(lot.remaining for lot in lots if lot.state is LotState.PENDING)
    assert pending == account.buckets[Bucket.PENDING]


async def test_bad_commands_leave_their_neighbours_alone(world: World) -> None:
    members = [await world.member() for _ in range(4)]
    await world.earn(members[0], "known", 1_000)
    requests = [
        *(world.earn_request(members[number % 4], basket(f"o{number}", 1_000)) for number in range(20)),
        world.earn_request(members[0], basket("known", 1_000)),
        world.earn_request("nobody", basket("x", 1_000)),
    ]

    outcomes: list[Any] = await asyncio.gather(
        *(world.points.EarnPoints(request) for request in requests), return_exceptions=True
    )

    assert all(not isinstance(outcome, BaseException) for outcome in outcomes[:20])
    assert [outcome.reason for outcome in outcomes[20:]] == ["DUPLICATE_SOURCE", "ACCOUNT_NOT_FOUND"]
    assert [(await world.balance(member)).pending for member in members] == [50] * 4
    for member in members:
        await prove(world, member)


async def test_the_same_key_twice_in_a_batch(world: World) -> None:
    member = await world.member()
    ports = build_serve_ports(world.client, world.database, world.clock)

    def asked(order_id: str, fingerprint: str) -> EarnPoints:
        ctx = RequestContext(TENANT, Actor(ActorType.SYSTEM, "test"), "K", fingerprint)
        return EarnPoints(ctx, member, to_basket(basket(order_id, 1_000)))

    # In one process and one turn of its loop, so they are one batch, in this order.
    commands = [asked("o", "same"), asked("o", "same"), asked("p", "other"), asked("o", "same")]
    outcomes: list[Any] = await asyncio.gather(
        *(earn_points(ports, command) for command in commands), return_exceptions=True
    )

    assert [outcomes[place].replayed for place in (0, 1, 3)] == [False, True, True]
    assert outcomes[2].reason == "IDEMPOTENCY_KEY_REUSED"
    assert (await world.balance(member)).pending == 10


async def test_commands_on_one_account_apply_one_after_the_other(world: World) -> None:
    member = await world.member()
    outcomes: list[Any] = await asyncio.gather(
        *(world.adjust(member, points) for points in (100, -30, -30, -30, -30, 5)), return_exceptions=True
    )

    refused = [each for each in outcomes if isinstance(each, AftercareError)]
    assert [each.metadata["available"] for each in refused] == ["10"]
    assert (await world.balance(member)).available == 15
    await prove(world, member)


async def test_many_writers_on_one_account_and_three_servers_lose_nothing(world: World) -> None:
    member = await world.member()
    stubs = [world.points, *[world.stubs(await world.serve())[1] for _ in range(2)]]

    async def write(number: int) -> None:
        await stubs[number % 3].EarnPoints(world.earn_request(member, basket(f"o{number}", 1_000)))

    await asyncio.gather(*(write(number) for number in range(150)))

    balance = await world.balance(member)
    assert (balance.pending, balance.lifetime_earned) == (1_500, 1_500)
    await prove(world, member)
    assert await world.told("points.earned") == 150


async def test_everything_at_once_keeps_the_books_straight(world: World) -> None:
    program_id = await world.program(return_window_days=1, expiry_months=1)
    members = [await world.member(program_id) for _ in range(5)]
    _, other = world.stubs(await world.serve())

    async def live(number: int) -> None:
        member, stub = members[number % 5], (world.points, other)[number % 2]
        await world.earn(member, f"o{number}", 3_000, 2_000)
        await world.adjust(member, 40)
        if number % 3 == 0:
            await world.spend(member, 25, order_id=f"o{number}", stub=stub)
        if number % 4 == 0:
            await world.process_return(member, f"o{number}", f"r{number}", line_1=3_000)

    for first in (0, 40, 80):
        await asyncio.gather(*(live(number) for number in range(first, first + 40)))
        world.clock.instant += timedelta(days=16)
        await world.sweep()

    for member in members:
        await prove(world, member)


async def test_a_command_that_breaks_in_the_middle_fails_alone(world: World) -> None:
    member, neighbour = await world.member(), await world.member()
    await world.adjust(member, 100)

    def breaks(account: Account, program: Program, now: datetime) -> None:
        reserve(account, "half", "o", 10, 60, now)
        raise ZeroDivisionError

    def earns(account: Account, program: Program, now: datetime) -> int:
        reserve(account, "whole", "o", 20, 60, now)
        return account.available

    accounts = build_serve_ports(world.client, world.database, world.clock).accounts
    needs = Needs(spends=20)
    outcomes = await asyncio.gather(
        accounts.change(Change(TENANT, member, earns, needs)),
        accounts.change(Change(TENANT, member, breaks, needs)),
        accounts.change(Change(TENANT, neighbour, lambda *_: "fine")),
        return_exceptions=True,
    )

    assert outcomes[0] == Answer(80)
    assert isinstance(outcomes[1], ZeroDivisionError)
    assert outcomes[2] == Answer("fine")
    assert (await world.balance(member)).held == 20
    await prove(world, member)
