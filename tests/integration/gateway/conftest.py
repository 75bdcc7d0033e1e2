import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from services.chassis.kernel.clock import SystemClock
from services.chassis.mongo.client import connect
from services.chassis.mongo.migrations import migrate
from services.gateway.adapters.mongo.events import MongoEventFeed
from services.gateway.adapters.mongo.keys import MongoKeys
from services.gateway.adapters.mongo.schema import SCHEMA
from services.gateway.adapters.upstreams.channels import open_upstreams
from services.gateway.application.ports import Ports
from services.gateway.domain.credentials import Audience, Credential, hashed, new_key
from services.gateway.entrypoints.http.app import build
from tests.integration.gateway.upstream import CannedUpstream
from tests.integration.gateway.world import PEPPER, Door, Gateway


@pytest.fixture(scope="session")
async def canned() -> AsyncIterator[CannedUpstream]:
    async with CannedUpstream() as upstream:
        yield upstream


@pytest.fixture
def upstream(canned: CannedUpstream) -> Iterator[CannedUpstream]:
    canned.reset()
    yield canned
    canned.reset()


@pytest.fixture(scope="session")
async def door(mongodb_uri: str, canned: CannedUpstream) -> AsyncIterator[Door]:
    """The gateway's application in this process, over a real database and the canned services."""
    async with connect(mongodb_uri) as client:
        database = client[f"test_{uuid.uuid4().hex}"]
        await migrate(database, SCHEMA, SystemClock())
        store = MongoKeys(database)
        keys = {audience: new_key("rk") for audience in Audience}
        for audience, key in keys.items():
            await store.put(
                hashed(key, PEPPER), Credential(f"key_{audience}", "demo", audience), SystemClock().now()
            )
        ports = Ports(store, MongoEventFeed(client, database), SystemClock(), PEPPER)
        yield Door(ports, keys, database, canned.address)
        await client.drop_database(database.name)


@pytest.fixture(scope="session")
async def standing(door: Door) -> AsyncIterator[Gateway]:
    async with opened(door, door.address) as made:
        yield made


@pytest.fixture
def gateway(standing: Gateway, upstream: CannedUpstream) -> Gateway:
    """The gateway before services that answer as the test says."""
    return standing


@pytest.fixture(scope="session")
async def orphan(door: Door) -> AsyncIterator[Gateway]:
    """A gateway behind which nobody listens."""
    async with opened(door, "127.0.0.1:9") as made:
        yield made


@asynccontextmanager
async def opened(door: Door, address: str) -> AsyncIterator[Gateway]:
    upstreams = open_upstreams(dict.fromkeys(("loyalty", "returns", "refunds"), address))

    async def nothing_missing() -> list[str]:
        return []

    app: Any = build(door.ports, upstreams, nothing_missing)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield Gateway(client, door.keys, app)
    await upstreams.close()
