import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pymongo
import pytest

from services.chassis.mongo.leases import LEASES, Lease, new_owner

pytestmark = pytest.mark.integration

LONG, SHORT = timedelta(seconds=30), timedelta(milliseconds=200)


@pytest.fixture
def lease(mongodb_uri: str) -> Iterator[Lease]:
    with pymongo.MongoClient[dict[str, Any]](mongodb_uri) as client:
        name = f"test_{uuid4().hex[:8]}"
        yield Lease(client[name][LEASES])
        client.drop_database(name)


def test_one_owner_at_a_time(lease: Lease) -> None:
    assert lease.acquire("relay", "a", LONG) == 1
    assert lease.acquire("relay", "b", LONG) is None
    assert lease.acquire("other", "b", LONG) == 1


def test_renewing_keeps_the_token_and_makes_the_lease_last(lease: Lease) -> None:
    assert lease.acquire("relay", "a", SHORT) == 1
    assert lease.acquire("relay", "a", LONG) == 1
    time.sleep(0.3)
    assert lease.acquire("relay", "b", LONG) is None


def test_after_its_time_anybody_takes_it_with_a_higher_token(lease: Lease) -> None:
    assert lease.acquire("relay", "a", SHORT) == 1
    time.sleep(0.3)
    assert lease.acquire("relay", "b", SHORT) == 2
    assert lease.acquire("relay", "a", LONG) is None
    time.sleep(0.3)
    assert lease.acquire("relay", "b", LONG) == 3  # it slept through its time, so this is a new tenure


def test_given_back_it_is_free_but_only_by_its_owner(lease: Lease) -> None:
    assert lease.acquire("relay", "a", LONG) == 1
    lease.release("relay", "b")
    assert lease.acquire("relay", "b", LONG) is None
    lease.release("relay", "a")
    assert lease.acquire("relay", "b", LONG) == 2


def test_of_many_that_begin_at_once_one_gets_it(lease: Lease) -> None:
    with ThreadPoolExecutor(16) as pool:
        tokens = list(pool.map(lambda i: lease.acquire("relay", f"owner-{i}", LONG), range(16)))
    assert [token for token in tokens if token is not None] == [1]


def test_owners_differ_within_a_process() -> None:
    assert new_owner() != new_owner()
