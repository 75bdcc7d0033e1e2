"""The feed: each event once, in an order that no reader can overtake."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from aftercare.common.v1.event_pb2 import EventEnvelope
from aftercare.loyalty.v1 import loyalty_events_pb2
from services.chassis.events.envelopes import UndecodableEventError
from services.chassis.kernel.clock import SystemClock
from services.chassis.kernel.coroutines import run_now
from services.chassis.mongo.client import Client, connect_blocking
from services.gateway.adapters.mongo.events import MongoEventFeed
from services.gateway.adapters.mongo.keys import MongoKeys
from services.gateway.application.ports import Ports
from services.gateway.domain.credentials import Audience
from services.gateway.entrypoints.events.handlers import bound_to
from services.gateway.entrypoints.http.routes.events import EventPage
from tests.integration.gateway.world import PEPPER, Door, Gateway, problem

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def told(number: int, *, kind: str = "points.earned", tenant: str = "demo", **changes: Any) -> EventEnvelope:
    payload = loyalty_events_pb2.PointsEarned(order_id="O1")
    envelope = EventEnvelope(
        event_id=f"evt-{number}",
        type=kind,
        tenant_id=tenant,
        aggregate_id="acc_1",
        sequence=number,
        schema=payload.DESCRIPTOR.full_name,
        payload=payload.SerializeToString(),
    )
    envelope.occurred_time.FromDatetime(NOW)
    for name, value in changes.items():
        setattr(envelope, name, value)
    return envelope


@pytest.fixture
def blocking(mongodb_uri: str) -> Iterator[Client]:
    client = connect_blocking(mongodb_uri)
    yield client
    run_now(client.close())


@pytest.fixture
async def work(blocking: Client, door: Door) -> Any:
    """The handler of loyalty's events, as `work` runs it, over the feed that `serve` reads."""
    for name in ("events", "feeds"):
        await door.database[name].delete_many({})
    database = blocking[door.database.name]
    ports = Ports(MongoKeys(database), MongoEventFeed(blocking, database), SystemClock(), PEPPER)
    return bound_to(ports)[0].handle


async def read(gateway: Gateway, audience: Audience = Audience.SHOP, **params: Any) -> Any:
    return await gateway.client.get("/v1/events", params=params, headers=gateway.headers(audience))


async def test_an_event_delivered_twice_is_kept_once(work: Any, gateway: Gateway) -> None:
    work(told(1))
    work(told(1))

    answer = await read(gateway)

    assert answer.status_code == 200
    (event,) = answer.json()["events"]
    assert {name: event[name] for name in ("event_id", "type", "sequence", "occurred_time")} == {
        "event_id": "evt-1",
        "type": "points.earned",
        "sequence": 1,
        "occurred_time": "2026-01-31T12:00:00.000Z",
    }
    assert event["data"]["order_id"] == "O1"
    assert EventPage.model_validate_json(answer.content)


@pytest.mark.parametrize(
    "changes",
    [{"schema": "aftercare.loyalty.v9.Unknown"}, {"schema": "not a name"}, {"payload": b"\xff\xff"}],
    ids=repr,
)
async def test_an_event_we_cannot_read_is_dead_at_once(
    changes: dict[str, Any], work: Any, gateway: Gateway
) -> None:
    with pytest.raises(UndecodableEventError):
        work(told(1, **changes))
    assert (await read(gateway)).json() == {"events": [], "next_cursor": "", "has_more": False}


async def test_pages_follow_each_other_and_the_last_cursor_goes_on(work: Any, gateway: Gateway) -> None:
    for number in range(1, 6):
        work(told(number))
    seen, cursor = [], ""
    for expected in (True, True, False):
        page = (await read(gateway, limit=2, cursor=cursor)).json()
        seen += [event["event_id"] for event in page["events"]]
        cursor = page["next_cursor"]
        assert page["has_more"] is expected
    assert seen == [f"evt-{number}" for number in range(1, 6)]
    assert (await read(gateway, cursor=cursor)).json() == {
        "events": [],
        "next_cursor": cursor,
        "has_more": False,
    }
    work(told(6))
    assert [one["event_id"] for one in (await read(gateway, cursor=cursor)).json()["events"]] == ["evt-6"]


async def test_types_filter_and_tenants_do_not_meet(work: Any, gateway: Gateway) -> None:
    work(told(1))
    work(told(2, kind="points.expired"))
    work(told(3, tenant="other"))
    work(told(4, kind="points.expired"))

    async def ids(**params: Any) -> list[str]:
        return [event["event_id"] for event in (await read(gateway, **params)).json()["events"]]

    assert await ids() == ["evt-1", "evt-2", "evt-4"]
    assert await ids(types="points.expired") == ["evt-2", "evt-4"]
    assert await ids(types="points.expired,points.earned", limit=2) == ["evt-1", "evt-2"]
    assert await ids(types="nothing.such") == []


async def test_a_reader_that_polls_while_others_write_misses_nothing(work: Any, gateway: Gateway) -> None:
    def write(first: int) -> None:
        for number in range(first, first + 30):
            work(told(number))

    writers = [threading.Thread(target=write, args=(1000 * writer,)) for writer in (1, 2, 3)]
    for writer in writers:
        writer.start()
    seen: list[str] = []
    cursor = ""
    while len(seen) < 90:
        page = (await read(gateway, cursor=cursor)).json()
        alive = any(writer.is_alive() for writer in writers)
        seen += [event["event_id"] for event in page["events"]]
        cursor = page["next_cursor"]
        assert page["events"] or alive or len(seen) == 90, "an event was overtaken"
    for writer in writers:
        writer.join()
    assert len(set(seen)) == len(seen) == 90


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"limit": 0}, "BAD_PARAMETER"),
        ({"limit": 101}, "BAD_PARAMETER"),
        ({"unknown": 1}, "BAD_PARAMETER"),
        ({"types": ",".join("x" * 3 for _ in range(51))}, "BAD_PARAMETER"),
        ({"types": "x" * 2001}, "BAD_PARAMETER"),
        ({"cursor": "é"}, "BAD_PARAMETER"),
        ({"cursor": "x"}, "INVALID_PAGE_TOKEN"),
        ({"cursor": "YWJj"}, "INVALID_PAGE_TOKEN"),
        ({"cursor": "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk"}, "INVALID_PAGE_TOKEN"),
    ],
    ids=repr,
)
async def test_a_wrong_question_is_refused(params: dict[str, Any], code: str, gateway: Gateway) -> None:
    problem(await read(gateway, **params), 400, code)


async def test_the_feed_is_not_for_the_warehouse(gateway: Gateway) -> None:
    problem(await read(gateway, Audience.WAREHOUSE), 403, "SCOPE_MISSING")
    problem(await gateway.client.get("/v1/events"), 401, "MISSING_API_KEY")


async def test_the_feed_keeps_the_position_of_a_tenant(work: Any, door: Door) -> None:
    for number in (1, 2, 2, 3):
        work(told(number))
    assert await door.database["feeds"].find_one({"_id": "demo"}) == {"_id": "demo", "last": 3}
