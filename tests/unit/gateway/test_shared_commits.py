"""Handlers share a commit; each learns what became of its own event."""

import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from pymongo.errors import DuplicateKeyError

from services.chassis.kernel.coroutines import run_now
from services.gateway.adapters.mongo.events import MongoEventFeed
from services.gateway.adapters.mongo.shared_commits import SharedCommits
from services.gateway.application.ports import RecordedEvent

NOW = datetime(2026, 11, 24, tzinfo=UTC)


class SlowFeed(MongoEventFeed):
    """Remembers its batches; knows some events already, fails for others."""

    def __init__(self, known: set[str], failing: set[str]) -> None:
        self.batches: list[list[str]] = []
        self._had, self._failing = known, failing

    async def add_all(self, events: Sequence[tuple[RecordedEvent, datetime]]) -> list[bool]:
        ids = [event.event_id for event, _ in events]
        self.batches.append(ids)
        time.sleep(0.02)  # noqa: ASYNC251 - a commit that takes its time, in a process without an event loop
        if self._failing & set(ids):
            raise ConnectionError("the database is away")
        if self._had & set(ids):
            raise DuplicateKeyError("E11000 events index: once")
        return [True] * len(ids)


def event(number: int) -> RecordedEvent:
    return RecordedEvent(f"evt_{number}", "points.earned", "demo", "a", number, NOW, {})


def kept_by_many(feed: SlowFeed, numbers: Sequence[int]) -> dict[int, bool | BaseException]:
    commits = SharedCommits(feed)
    verdicts: dict[int, bool | BaseException] = {}

    def handle(number: int) -> None:
        try:
            verdicts[number] = run_now(commits.add(event(number), NOW))
        except ConnectionError as error:
            verdicts[number] = error

    threads = [threading.Thread(target=handle, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return verdicts


def test_what_comes_while_one_commit_is_written_shares_the_next() -> None:
    feed = SlowFeed(set(), set())
    verdicts = kept_by_many(feed, range(50))
    assert verdicts == dict.fromkeys(range(50), True)
    assert len(feed.batches) < 10, "fifty handlers need a few commits, not fifty"
    assert sorted(one for batch in feed.batches for one in batch) == sorted(f"evt_{n}" for n in range(50))


def test_an_event_that_another_process_kept_meanwhile_costs_its_neighbours_nothing() -> None:
    verdicts = kept_by_many(SlowFeed({"evt_3"}, set()), range(10))
    assert verdicts == {number: number != 3 for number in range(10)}


def test_a_failed_commit_is_told_to_all_who_shared_it_and_the_next_one_goes_on() -> None:
    feed = SlowFeed(set(), {"evt_1"})
    commits = SharedCommits(feed)
    with pytest.raises(ConnectionError):
        run_now(commits.add(event(1), NOW))
    assert run_now(commits.add(event(2), NOW))
