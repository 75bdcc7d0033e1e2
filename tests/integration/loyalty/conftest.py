from collections.abc import AsyncIterator

import pytest

from tests.integration.loyalty.world import World


@pytest.fixture
async def world(mongodb_uri: str, mongo_database: str) -> AsyncIterator[World]:
    made = World(mongodb_uri, mongo_database)
    await made.start()
    yield made
    await made.stop()
