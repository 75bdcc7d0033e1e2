from datetime import timedelta
from typing import Any

import pytest

from tests.integration.loyalty.world import World, basket

pytestmark = pytest.mark.integration


async def scans(world: World) -> list[Any]:
    """The profiled operations that read a collection from end to end."""
    query = {"planSummary": {"$regex": "COLLSCAN"}}
    profile = [row async for row in world.db["system.profile"].find(query)]
    return [(row["ns"], row.get("command")) for row in profile if not row["ns"].endswith("profile")]


async def test_no_operation_reads_a_whole_collection(world: World) -> None:
    await world.db.command("profile", 2)
    member = await world.member(await world.program(return_window_days=1))
    await world.earn(member, "o1", 10_000)
    await world.points.EarnPoints(world.earn_request(member, basket("o2", 1_000)))
    await world.adjust(member, 50)
    await world.spend(member, 20, order_id="o1")
    await world.process_return(member, "o1", "r", line_1=10_000)
    world.clock.instant += timedelta(days=2)
    await world.balance(member)
    await world.sweep()
    world.clock.instant += timedelta(days=400)
    await world.sweep()
    await world.entries(member)
    await world.db.command("profile", 0)

    assert await scans(world) == []
