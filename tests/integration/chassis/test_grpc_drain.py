import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from aftercare.common.v1 import context_pb2
from aftercare.loyalty.v1 import points_service_pb2_grpc
from aftercare.loyalty.v1.points_service_pb2 import EarnPointsRequest
from services.chassis.grpc.client import channel
from services.chassis.kernel.errors import AftercareError

PROGRAM = Path(__file__).parent / "programs" / "grpc_program.py"


@dataclass
class Program:
    """A server process and what it printed."""

    process: asyncio.subprocess.Process
    port: int
    printed: Counter[str] = field(default_factory=Counter)
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def program(drain_seconds: float) -> AsyncIterator[Program]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), str(drain_seconds), stdout=asyncio.subprocess.PIPE
    )
    output = process.stdout
    assert output is not None
    running = Program(process, int((await output.readline()).split()[1]))

    async def collect() -> None:
        async for line in output:
            running.printed[line.decode().strip()] += 1
            running.has_begun.set()

    collecting = asyncio.create_task(collect())
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await collecting


def earn(key: str) -> EarnPointsRequest:
    request = EarnPointsRequest(account_id="a")
    request.ctx.tenant_id, request.ctx.idempotency_key = "shop", key
    request.ctx.actor.type, request.ctx.actor.id = context_pb2.Actor.TYPE_SYSTEM, "test"
    request.basket.order_id = "o"
    request.basket.place_time.seconds = 1
    line = request.basket.lines.add(line_id="1", sku="tea", quantity=1)
    line.net.minor, line.net.currency = 100, "EUR"
    return request


async def test_no_accepted_call_is_lost_on_sigterm() -> None:
    """64 callers ask without pause while the server is told to end; what began must be answered."""
    answered: list[str] = []
    refused: list[str] = []
    async with program(drain_seconds=10) as server, channel(f"127.0.0.1:{server.port}") as link:
        stub: Any = points_service_pb2_grpc.PointsServiceStub(link)

        async def ask(caller: int) -> None:
            for turn in range(1_000):
                key = f"{caller}.{turn}"
                try:
                    await stub.EarnPoints(earn(key), timeout=5)
                except AftercareError:
                    refused.append(key)
                    return
                answered.append(key)

        callers = [asyncio.create_task(ask(caller)) for caller in range(64)]
        await asyncio.sleep(1)
        server.process.send_signal(signal.SIGTERM)
        await asyncio.gather(*callers)
        assert await asyncio.wait_for(server.process.wait(), 10) == 0
    began = {line.split()[1] for line in server.printed if line.startswith("began")}
    ended = {line.split()[1] for line in server.printed if line.startswith("ended")}
    assert len(answered) > 64
    assert began == ended
    assert began == set(answered), "a call began and its caller was told that it failed"
    assert len(refused) == 64


async def test_a_health_watcher_does_not_hold_up_the_end() -> None:
    async with (
        program(drain_seconds=30) as server,
        grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as link,
    ):
        stub: Any = health_pb2_grpc.HealthStub(link)
        watch = stub.Watch(health_pb2.HealthCheckRequest())
        while (await watch.read()).status != health_pb2.HealthCheckResponse.SERVING:
            pass
        server.process.send_signal(signal.SIGTERM)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert await asyncio.wait_for(server.process.wait(), 5) == 0


async def test_a_call_longer_than_the_drain_is_cut_and_the_process_ends() -> None:
    async with program(drain_seconds=0.05) as server, channel(f"127.0.0.1:{server.port}") as link:
        stub: Any = points_service_pb2_grpc.PointsServiceStub(link)
        call = asyncio.ensure_future(stub.EarnPoints(earn("long"), timeout=5))
        await server.has_begun.wait()
        os.kill(server.process.pid, signal.SIGTERM)
        assert await asyncio.wait_for(server.process.wait(), 5) == 0
        assert (await asyncio.gather(call, return_exceptions=True))[0].__class__ is AftercareError
