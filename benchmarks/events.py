"""Commit to handled: how long after its commit an event is in the gateway's feed.

A steady trickle of earns by gRPC; each `points.earned` row of the feed knows when it happened and when it
was kept, both by this machine's clock.
"""

import asyncio
import statistics
from datetime import UTC, datetime
from typing import Any

import grpc
from pymongo import MongoClient

from aftercare.loyalty.v1 import points_service_pb2_grpc
from benchmarks.load import earn_request

PER_SECOND = 100
SECONDS = 15
_SETTLE_SECONDS = 3.0


async def _trickle(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        points: Any = points_service_pb2_grpc.PointsServiceStub(channel)
        running = []
        for _ in range(PER_SECOND * SECONDS):
            running.append(asyncio.ensure_future(points.EarnPoints(earn_request())))
            await asyncio.sleep(1 / PER_SECOND)
        await asyncio.gather(*running)


def latencies(address: str, mongodb_uri: str) -> list[float]:
    """Milliseconds from commit to kept, of every event of a trickle at 100 a second."""
    began = datetime.now(UTC)
    asyncio.run(_trickle(address))
    asyncio.run(asyncio.sleep(_SETTLE_SECONDS))
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_uri, tz_aware=True)
    rows = client["aftercare_gateway"]["events"].find(
        {"type": "points.earned", "occurred_at": {"$gte": began}}
    )
    found = [(row["kept_at"] - row["occurred_at"]).total_seconds() * 1000 for row in rows]
    if len(found) < PER_SECOND * SECONDS:
        raise RuntimeError(f"only {len(found)} of {PER_SECOND * SECONDS} events arrived")
    return found


def p50_p95(values: list[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return statistics.median(values), statistics.quantiles(values, n=20)[18]
