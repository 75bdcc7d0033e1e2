"""The main job ends with the same figures whatever dies under it."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.demo.shop import Shop
from deploy.demo.story import Story
from deploy.local.stack import LocalStack
from services.chassis.events.dead_letters import list_dead
from services.chassis.events.topology import main_queue
from services.gateway.entrypoints.events.handlers import SUBSCRIPTIONS as GATEWAY
from services.loyalty.entrypoints.events.handlers import SUBSCRIPTIONS as LOYALTY
from services.refunds.entrypoints.events.handlers import SUBSCRIPTIONS as REFUNDS
from services.returns.entrypoints.events.handlers import SUBSCRIPTIONS as RETURNS
from tests.faults.chaos import TARGETS, Chaos

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SEEDS = range(1, int(os.environ.get("AFTERCARE_FAULT_SEEDS", "1")) + 1)
DRAIN_SECONDS = 10.0
STORIES_AT_LEAST, STORIES_AT_MOST = 2, 12
SOURCES = ("loyalty", "returns", "refunds")
CONSUMERS = {"gateway": GATEWAY, "loyalty": LOYALTY, "returns": RETURNS, "refunds": REFUNDS}
Databases = MongoClient[dict[str, Any]]


@pytest.fixture(scope="module")
def doomed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack of its own: what is killed here must not be missed elsewhere."""
    with LocalStack(Path(tmp_path_factory.mktemp("doomed"))) as stack:
        yield stack


@pytest.fixture
def databases(doomed: LocalStack) -> Iterator[Databases]:
    with MongoClient[dict[str, Any]](doomed.mongodb_uri, tz_aware=True) as client:
        yield client


@pytest.mark.parametrize("seed", SEEDS)
def test_main_job_ends_with_the_same_figures_whatever_is_killed(
    doomed: LocalStack, databases: Databases, seed: int
) -> None:
    with Chaos(doomed, seed) as chaos:
        stories: list[Story] = []
        while len(stories) < STORIES_AT_LEAST or (
            len(chaos.killed) < chaos.most and len(stories) < STORIES_AT_MOST
        ):
            stories.append(told(doomed))
    for part in TARGETS:
        doomed.wait_ready(part, 60)
    assert len(chaos.killed) >= 3, "the chaos killed next to nothing, so the run proves nothing"

    for story in stories:
        assert [f"{figure.name}: {figure.seen!r}" for figure in story.figures.wrong] == []
    drained = eventually(lambda: unsent(databases) == 0, DRAIN_SECONDS)
    assert drained, f"{unsent(databases)} outbox rows were not sent within {DRAIN_SECONDS} s"
    heard = eventually(lambda: told_events(databases) == heard_events(databases), DRAIN_SECONDS)
    assert heard, f"never heard: {sorted(told_events(databases) - heard_events(databases))[:5]}"
    assert dead_letters(doomed) == {}


def told(stack: LocalStack) -> Story:
    """One customer's story, started while things die."""
    with Shop.of(stack.state) as shop:
        story = Story(shop, tell=lambda _: None)
        story.run()
    return story


def told_events(databases: Databases) -> set[str]:
    """Ids of all events that any service has committed."""
    return {
        row["_id"]
        for source in SOURCES
        for row in databases[f"aftercare_{source}"]["outbox"].find({}, {"_id": 1})
    }


def heard_events(databases: Databases) -> set[str]:
    """Ids of all events in the gateway's feed."""
    return {row["event_id"] for row in databases["aftercare_gateway"]["events"].find({}, {"event_id": 1})}


def unsent(databases: Databases) -> int:
    """Outbox rows that wait for the relay."""
    return sum(databases[f"aftercare_{source}"]["outbox"].count_documents({"sent": 0}) for source in SOURCES)


def dead_letters(stack: LocalStack) -> dict[str, int]:
    """Dead letters by queue, without the empty ones."""
    queues = [
        main_queue(consumer, subscription.handler)
        for consumer, subscriptions in CONSUMERS.items()
        for subscription in subscriptions
    ]
    return {dead.queue: dead.count for dead in list_dead(stack.amqp_uri, queues) if dead.count}


def eventually(good: Callable[[], bool], seconds: float) -> bool:
    """Whether it becomes true in time."""
    deadline = time.monotonic() + seconds
    while not good():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
