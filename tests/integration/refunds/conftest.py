from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pytest
from pymongo import MongoClient

from tests.integration.refunds.shop import Shop, running_shop
from tests.integration.standins.stripe_process import Receiver, StandIn, receiving, stand_in_process


@pytest.fixture(scope="session")
def stripe_standin() -> Iterator[StandIn]:
    with stand_in_process() as (_, url), httpx2.Client(timeout=30) as http:
        yield StandIn(url, http)


@pytest.fixture
def webhooks() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
async def shop(
    mongodb_uri: str,
    mongo_client: MongoClient[dict[str, Any]],
    stripe_standin: StandIn,
    webhooks: Receiver,
) -> AsyncIterator[Shop]:
    async with running_shop(mongodb_uri, mongo_client, stripe_standin, webhooks) as running:
        yield running
