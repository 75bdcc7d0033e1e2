"""The unit of work, the same for both kinds of process: asyncio in `serve`, blocking in `work`."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.message import Message

from aftercare.loyalty.v1.loyalty_events_pb2 import AccountCreated
from services.chassis.kernel.clock import FixedClock
from services.chassis.kernel.context import Actor, ActorType, RequestContext
from services.chassis.kernel.coroutines import run_now
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.ids import CountingIds, SortableIds
from services.chassis.kernel.unit_of_work import AlreadyHandledError, Inbox
from services.chassis.mongo.client import Client, connect, connect_blocking
from services.chassis.mongo.migrations import Schema, Step, migrate
from services.chassis.mongo.outbox import Outbox
from services.chassis.mongo.requests import StoredAnswers
from services.chassis.mongo.unit_of_work import MongoUnitOfWork, Scope

pytestmark = pytest.mark.integration

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SCHEMA = Schema({"counters": []})


@dataclass(frozen=True, slots=True)
class Counted:
    """An answer with values that must survive being stored."""

    name: str
    value: int
    at: datetime


class CounterTx:
    """A service's transaction, at its smallest."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    async def value(self) -> int:
        row = await self._scope.database["counters"].find_one({"_id": "c"}, session=self._scope.session)
        return int(row["value"]) if row else 0

    async def add(self, points: int) -> Counted:
        before = await self.value()
        changed = await self._scope.database["counters"].update_one(
            {"_id": "c"}, {"$set": {"value": before + points}}, upsert=True, session=self._scope.session
        )
        assert changed.acknowledged
        self._scope.events.append(
            DomainEvent("account.created", "demo", "c", before + points, NOW, AccountCreated(account_id="c"))
        )
        return Counted("c", before + points, NOW)


def payload_of(event: DomainEvent) -> Message:
    assert isinstance(event.data, Message)
    return event.data


def request(key: str = "k1", fingerprint: str = "f") -> RequestContext:
    return RequestContext("demo", Actor(ActorType.SYSTEM, "test"), key, fingerprint)


def unit_of_work(client: Client, database: str) -> MongoUnitOfWork[CounterTx]:
    handle = client[database]
    outbox = Outbox("loyalty", payload_of, SortableIds())
    return MongoUnitOfWork(
        client, handle, CounterTx, outbox, StoredAnswers(handle, "REUSED"), FixedClock(NOW)
    )


@pytest.fixture(params=["serve", "work"])
async def unit(
    request: pytest.FixtureRequest, mongodb_uri: str, mongo_database: str
) -> AsyncIterator[MongoUnitOfWork[CounterTx]]:
    client = connect(mongodb_uri) if request.param == "serve" else connect_blocking(mongodb_uri)
    await migrate(client[mongo_database], SCHEMA, FixedClock(NOW))
    yield unit_of_work(client, mongo_database)
    await client.close()


async def add_five(tx: CounterTx) -> Counted:
    return await tx.add(5)


async def rows(unit: MongoUnitOfWork[CounterTx], collection: str) -> list[dict[str, Any]]:
    return await unit.database[collection].find({}).to_list(None)


async def test_a_change_its_event_and_its_answer_are_one_commit(unit: MongoUnitOfWork[CounterTx]) -> None:
    answer = await unit.once("Add", request(), Counted, add_five)

    assert answer.value == Counted("c", 5, NOW)
    assert not answer.replayed
    assert await unit.read(CounterTx.value) == 5
    [event] = await rows(unit, "outbox")
    assert (event["agg"], event["seq"], event["sent"], event["source"]) == ("c", 5, 0, "loyalty")
    assert event["ts"].time > 0, "the server fills in its own time"


async def test_a_failure_leaves_nothing_behind(unit: MongoUnitOfWork[CounterTx]) -> None:
    async def fail(tx: CounterTx) -> Counted:
        await tx.add(5)
        raise AftercareError(Kind.FAILED_PRECONDITION, "NO", "not now")

    with pytest.raises(AftercareError, match="NO"):
        await unit.once("Add", request(), Counted, fail)

    assert await unit.read(CounterTx.value) == 0
    assert await rows(unit, "outbox") == []
    # A refusal is not stored: the same key may succeed later.
    assert not (await unit.once("Add", request(), Counted, add_five)).replayed


async def test_the_same_request_has_one_effect_and_one_answer(unit: MongoUnitOfWork[CounterTx]) -> None:
    first = await unit.once("Add", request(), Counted, add_five)
    second = await unit.once("Add", request(), Counted, add_five)

    assert second.replayed
    assert second.value == first.value
    assert await unit.read(CounterTx.value) == 5


async def test_a_key_with_another_body_is_refused(unit: MongoUnitOfWork[CounterTx]) -> None:
    await unit.once("Add", request(), Counted, add_five)

    with pytest.raises(AftercareError) as refused:
        await unit.once("Add", request(fingerprint="other"), Counted, add_five)

    assert (refused.value.kind, refused.value.reason) == (Kind.ALREADY_EXISTS, "REUSED")
    assert await unit.read(CounterTx.value) == 5


async def test_keys_of_another_tenant_or_rpc_never_meet(unit: MongoUnitOfWork[CounterTx]) -> None:
    other = RequestContext("other", Actor(ActorType.SYSTEM, "test"), "k1", "f")
    for rpc, ctx in (("Add", request()), ("Sub", request()), ("Add", other)):
        assert not (await unit.once(rpc, ctx, Counted, add_five)).replayed
    assert await unit.read(CounterTx.value) == 15


async def test_an_event_is_handled_once(unit: MongoUnitOfWork[CounterTx]) -> None:
    handling = unit.within(Inbox("on_paid", "evt_1"))
    await handling.run(add_five)

    with pytest.raises(AlreadyHandledError):
        await handling.run(add_five)

    assert await unit.read(CounterTx.value) == 5
    await unit.within(Inbox("another_handler", "evt_1")).run(add_five)
    assert await unit.read(CounterTx.value) == 10


async def test_concurrent_writers_lose_nothing_and_equal_requests_count_once(
    mongodb_uri: str, mongo_database: str
) -> None:
    client = connect(mongodb_uri)
    await migrate(client[mongo_database], SCHEMA, FixedClock(NOW))
    unit = unit_of_work(client, mongo_database)

    answers = await asyncio.gather(
        *(unit.once("Add", request(f"k{number % 10}"), Counted, add_five) for number in range(30))
    )

    assert await unit.read(CounterTx.value) == 50
    assert sum(not answer.replayed for answer in answers) == 10
    assert sorted(row["seq"] for row in await rows(unit, "outbox")) == list(range(5, 55, 5))
    await client.close()


def test_code_that_suspends_is_refused_where_there_is_no_event_loop() -> None:
    with pytest.raises(RuntimeError, match="suspended"):
        run_now(asyncio.sleep(0))


async def test_migrations_run_once_and_again_harmlessly(mongodb_uri: str, mongo_database: str) -> None:
    client = connect(mongodb_uri)
    applied: list[str] = []

    async def note(_: Any) -> None:
        applied.append("step")

    schema = Schema({"counters": []}, (Step("0001-note", note),))
    first = await migrate(client[mongo_database], schema, FixedClock(NOW))
    second = await migrate(client[mongo_database], schema, FixedClock(NOW))

    assert "applied 0001-note" in first
    assert second == []
    assert applied == ["step"]
    await client.close()


def test_ids_sort_in_the_order_they_were_made() -> None:
    ids = CountingIds()
    made = [ids.new("ret") for _ in range(100)]
    assert made == sorted(made)
    assert len(set(made)) == 100
