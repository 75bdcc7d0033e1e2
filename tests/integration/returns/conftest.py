import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from services.chassis.kernel.clock import SystemClock
from services.chassis.mongo.client import connect
from services.chassis.mongo.migrations import migrate
from services.returns.adapters.mongo.schema import SCHEMA
from services.returns.application.ports.carrier_gateway import CarrierGateway
from tests.integration.returns.world import World
from tests.integration.standins.courier_process import Courier, running_courier

MakeWorld = Callable[..., Any]


@pytest.fixture(scope="session")
def courier_process() -> Iterator[Courier]:
    """Kurier on real time, so that its slots lie in our future."""
    with running_courier(options={"--frozen-at": None}) as courier:
        yield courier


@pytest.fixture
def courier(courier_process: Courier) -> Courier:
    courier_process.reset()
    return courier_process


@pytest.fixture
async def make_world(mongodb_uri: str, mongo_database: str) -> AsyncIterator[MakeWorld]:
    """Makes the test's world, with the given courier or a carrier of the test's own."""
    async with AsyncExitStack() as stack:

        async def make(courier: Courier | None = None, carrier: CarrierGateway | None = None) -> World:
            async with connect(mongodb_uri) as client:
                await migrate(client[mongo_database], SCHEMA, SystemClock())
            world = World(mongodb_uri, mongo_database, courier, carrier)
            await world.start()
            stack.push_async_callback(world.stop)
            return world

        yield make


@pytest.fixture
async def world(make_world: MakeWorld, courier: Courier) -> World:
    """The service beside the courier stand-in."""
    made: World = await asyncio.wait_for(make_world(courier), 30)
    return made
