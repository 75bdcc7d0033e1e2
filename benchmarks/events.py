"""Commit to handled: how long after its commit an event is in the gateway's feed.

A steady trickle of earns by gRPC; each `points.earned` row of the feed knows when it happened and when it
was kept, both by this machine's clock.
"""

import asyncio
import statistics
import time
from datetime import UTC, datetime
from typing import Any

import grpc
from pymongo import MongoClient

from aftercare.loyalty.v1 import points_service_pb2_grpc
from benchmarks.load import earn_request

PER_SECOND = 100
SECONDS = 15
_DRAIN_SECONDS, _LOOK_SECONDS = 120.0, 0.2


async def _trickle(address: str) -> None:
    async with grpc.aio.insecure_channel(address) as channel:
        points: Any = points_service_pb2_grpc.PointsServiceStub(channel)
        running = []
        for _ in range(PER_SECOND * SECONDS):
            running.append(asyncio.ensure_future(points.EarnPoints(earn_request())))
            await asyncio.sleep(1 / PER_SECOND)
        await asyncio.gather(*running)


def _drain(client: MongoClient[dict[str, Any]]) -> float:
    """Wait until the feed has all that was told. Returns events a second while it caught up."""
    told, feed = client["aftercare_loyalty"]["outbox"], client["aftercare_gateway"]["events"]
    waiting = told.count_documents({}) - feed.count_documents({})
    began = time.monotonic()
    while feed.count_documents({}) < told.count_documents({}):
        if time.monotonic() - began > _DRAIN_SECONDS:
            raise RuntimeError(f"{waiting} events were not in the feed after {_DRAIN_SECONDS} s")
        time.sleep(_LOOK_SECONDS)
    return waiting / (time.monotonic() - began)


def catch_up(mongodb_uri: str) -> float:
    """Events a second from outbox to feed, while a backlog is worked off."""
    with MongoClient[dict[str, Any]](mongodb_uri) as client:
        return _drain(client)


def latencies(address: str, mongodb_uri: str) -> list[float]:
    """Milliseconds from commit to kept, of every event of a trickle at 100 a second."""
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_uri, tz_aware=True)
    began = datetime.now(UTC)
    asyncio.run(_trickle(address))
    _drain(client)
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
