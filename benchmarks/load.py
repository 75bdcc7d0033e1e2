"""A load generator, one process: so many callers ask so many times.

    python -m benchmarks.load earn|balance|http-earn ADDRESS CALLERS COUNT [KEY]

Prints {"rate": …, "p50": ms, "p95": ms, "failed": n}.
"""

import asyncio
import json
import random
import statistics
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import aiohttp
import grpc
import uvloop

from aftercare.common.v1 import context_pb2, money_pb2
from aftercare.loyalty.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    points_service_pb2,
    points_service_pb2_grpc,
    resources_pb2,
)
from services.chassis.wire import from_datetime

ACCOUNTS = 5_000
TENANT = "demo"  # the tenant of the development keys, so that HTTP and gRPC meet the same accounts
PROGRAM = "bench"
_NOW = datetime.now(UTC)
Call = Callable[[int], Awaitable[None]]


def context(key: str = "") -> context_pb2.RequestContext:
    """The head of a request."""
    actor = context_pb2.Actor(type=context_pb2.Actor.TYPE_SYSTEM, id="bench")
    return context_pb2.RequestContext(tenant_id=TENANT, idempotency_key=key, actor=actor)


def account() -> str:
    """Any of the accounts."""
    return f"bench-{random.randrange(ACCOUNTS)}"  # noqa: S311 - load, not secrets


def earn_request() -> points_service_pb2.EarnPointsRequest:
    """One order of one line, new each time."""
    order = uuid.uuid4().hex
    line = resources_pb2.BasketLine(
        line_id="1", sku="sku", quantity=1, net=money_pb2.Money(minor=1_000, currency="PLN")
    )
    return points_service_pb2.EarnPointsRequest(
        ctx=context(order),
        account_id=account(),
        basket=resources_pb2.Basket(order_id=order, lines=[line], place_time=from_datetime(_NOW)),
    )


async def measure(call: Call, callers: int, count: int) -> dict[str, float]:
    """Run `count` calls by `callers` tasks; the first tenth warms up and is not counted."""
    latencies: list[float] = []
    failed = 0

    async def ask(numbers: Any) -> None:  # noqa: ANN401 - a shared iterator
        nonlocal failed
        for number in numbers:
            began = time.perf_counter()
            try:
                await call(number)
            except (grpc.RpcError, aiohttp.ClientError):
                failed += 1
            latencies.append(time.perf_counter() - began)

    warm_up = iter(range(count // 10))
    await asyncio.gather(*(ask(warm_up) for _ in range(callers)))
    latencies.clear()
    numbers = iter(range(count))
    started = time.perf_counter()
    await asyncio.gather(*(ask(numbers) for _ in range(callers)))
    seconds = time.perf_counter() - started
    percentiles = statistics.quantiles(latencies, n=20)
    return {
        "rate": count / seconds,
        "p50": statistics.median(latencies) * 1000,
        "p95": percentiles[18] * 1000,
        "failed": failed,
    }


async def by_grpc(kind: str, address: str, callers: int, count: int) -> dict[str, float]:
    """EarnPoints or GetBalance over one channel."""
    async with grpc.aio.insecure_channel(address) as channel:
        points: Any = points_service_pb2_grpc.PointsServiceStub(channel)
        accounts: Any = account_service_pb2_grpc.LoyaltyAccountServiceStub(channel)

        async def earn(_: int) -> None:
            await points.EarnPoints(earn_request())

        async def balance(_: int) -> None:
            await accounts.GetBalance(
                account_service_pb2.GetBalanceRequest(ctx=context(), account_id=account())
            )

        return await measure(earn if kind == "earn" else balance, callers, count)


async def by_http(address: str, callers: int, count: int, key: str) -> dict[str, float]:
    """The same earn by HTTP."""
    placed = _NOW.isoformat()
    async with aiohttp.ClientSession(
        f"http://{address}",
        connector=aiohttp.TCPConnector(limit=callers),
        headers={"Authorization": f"Bearer {key}"},
    ) as session:

        async def earn(_: int) -> None:
            order = uuid.uuid4().hex
            line = {"line_id": "1", "sku": "sku", "quantity": 1, "net": {"minor": 1_000, "currency": "PLN"}}
            body = {"basket": {"order_id": order, "lines": [line], "place_time": placed}}
            path = f"/v1/members/{account()}:earnPoints"
            async with session.post(path, json=body, headers={"Idempotency-Key": order}) as answer:
                await answer.read()
                answer.raise_for_status()

        return await measure(earn, callers, count)


def main(kind: str, address: str, callers: int, count: int, key: str = "") -> None:
    """Measure and print."""
    running = (
        by_http(address, callers, count, key)
        if kind == "http-earn"
        else by_grpc(kind, address, callers, count)
    )
    print(json.dumps(uvloop.run(running)))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), *sys.argv[5:])
