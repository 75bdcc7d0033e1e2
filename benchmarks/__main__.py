"""`make bench`: measure everything in one run on a stack of its own."""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc

from aftercare.loyalty.v1 import (
    points_service_pb2,
    points_service_pb2_grpc,
    program_service_pb2,
    program_service_pb2_grpc,
    resources_pb2,
)
from benchmarks import events
from benchmarks.figures import Figures
from benchmarks.load import ACCOUNTS, PROGRAM, context, earn_request
from deploy.local.stack import LocalStack

CALLS = {1: 1_000, 16: 6_000, 64: 12_000}
ROUNDS = 3  # baseline and candidate in turn; the median counts, since the machine's speed drifts


def measured(module: str, *arguments: object) -> dict[str, float]:
    """Run a generator or the bare loop as a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise RuntimeError(f"{module} failed: {done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    if figures.get("failed"):
        raise RuntimeError(f"{module} {arguments}: {figures['failed']:.0f} calls failed")
    return figures


def median_of(runs: list[dict[str, float]]) -> dict[str, float]:
    """The run with the median rate."""
    return sorted(runs, key=lambda run: run["rate"])[len(runs) // 2]


async def prepare(address: str) -> None:
    """A programme and 5,000 members, opened by an import of one order each."""
    async with grpc.aio.insecure_channel(address) as channel:
        programs: Any = program_service_pb2_grpc.ProgramServiceStub(channel)
        points: Any = points_service_pb2_grpc.PointsServiceStub(channel)
        program = resources_pb2.Program(
            program_id=PROGRAM,
            display_name="Bench",
            timezone="Europe/Warsaw",
            currency="PLN",
            earn_rate=resources_pb2.Fraction(num=1, den=100),
            return_window_days=14,
            expiry_months=12,
            points_per_major_unit=100,
        )
        await programs.CreateProgram(
            program_service_pb2.CreateProgramRequest(ctx=context("bench-programme"), program=program)
        )
        rows = []
        for number in range(ACCOUNTS):
            basket = earn_request().basket
            member = f"bench-{number}"
            rows.append(
                points_service_pb2.BatchImportRow(account_id=member, customer_id=member, basket=basket)
            )

        async def chunks() -> Any:  # noqa: ANN401 - an asynchronous iterator
            for start in range(0, ACCOUNTS, 500):
                yield points_service_pb2.BatchImportRequest(
                    ctx=context("bench-members"), program_id=PROGRAM, rows=rows[start : start + 500]
                )

        await points.BatchImport(chunks())


@contextmanager
def server_process(module: str, *arguments: str) -> Iterator[str]:
    """A server in a process of its own, which prints its port. Yields its address."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:  # noqa: S603 - our own module
        assert server.stdout is not None
        yield f"127.0.0.1:{int(server.stdout.readline())}"
        server.kill()


def earn(figures: Figures, stack: LocalStack, address: str) -> float:
    """EarnPoints against the bare loop. Returns the rate at 64 callers."""
    rate = 0.0
    for callers, count in CALLS.items():
        bare, ours = [], []
        for _ in range(ROUNDS):
            bare.append(measured("bare", stack.mongodb_uri, callers, count // 2))
            ours.append(measured("load", "earn", address, callers, count))
        rate = median_of(ours)["rate"]
        target = ">= 1.5x" if callers == 64 else ""
        figures.rate(f"EarnPoints by gRPC, {callers} callers", rate, median_of(bare)["rate"], target)
        figures.milliseconds(f"EarnPoints by gRPC, {callers} callers, p95", median_of(ours)["p95"])
    return rate


def balance(figures: Figures, address: str) -> None:
    """GetBalance against the bare echo."""
    with server_process("echo") as echo:
        for callers, count in CALLS.items():
            bare, ours = [], []
            for _ in range(ROUNDS):
                bare.append(measured("load", "balance", echo, callers, count))
                ours.append(measured("load", "balance", address, callers, count))
            target = ">= 0.3x" if callers == 64 else ""
            rates = median_of(ours)["rate"], median_of(bare)["rate"]
            figures.rate(f"GetBalance by gRPC, {callers} callers", *rates, target)


def http_earn(figures: Figures, stack: LocalStack, grpc_rate: float) -> None:
    """The same earn through the gateway, against gRPC."""
    state = stack.state
    where, key = state.environment["GATEWAY_LISTEN"], state.credentials["shop"]
    http = median_of([measured("load", "http-earn", where, 64, 6_000, key) for _ in range(ROUNDS)])
    figures.rate("HTTP earn, 64 connections, one gateway", http["rate"], grpc_rate)
    figures.milliseconds("HTTP earn, 64 connections, p95", http["p95"])


def transport(figures: Figures, stack: LocalStack) -> None:
    """Threads against asyncio on the earn path, without interceptors (docs/adr/0004)."""
    for callers in (1, 16, 64):
        rates = {}
        for kind in ("threads", "asyncio"):
            with server_process("transport", kind, stack.mongodb_uri) as address:
                runs = [
                    measured("load", "earn", address, callers, CALLS[callers] // 2) for _ in range(ROUNDS)
                ]
            rates[kind] = median_of(runs)["rate"]
        figures.rate(
            f"EarnPoints, asyncio over threads, {callers} callers", rates["asyncio"], rates["threads"]
        )


@contextmanager
def alone(stack: LocalStack, *kept: str) -> Iterator[None]:
    """Only the database and these processes: the baseline has no relays and no consumers either.

    What is committed meanwhile waits in the outbox and is carried on afterwards.
    """
    services = ("loyalty-", "returns-", "refunds-", "gateway-")
    running = [name for name, part in stack.state.parts.items() if name.startswith(services) and part.pid]
    held = [name for name in running if name not in kept]
    for name in held:
        stack.hold(name)
    yield
    for name in held:
        stack.release(name)
    for name in held:
        stack.wait_ready(name, 60)


def main() -> None:
    """Measure and write."""
    figures = Figures()
    with tempfile.TemporaryDirectory() as home, LocalStack(Path(home)) as stack:
        state = stack.state
        address = state.environment["LOYALTY_ADDRESS"]
        asyncio.run(prepare(address))
        figures.rate("events a second from outbox to feed, backlog", events.catch_up(stack.mongodb_uri))
        p50, p95 = events.p50_p95(events.latencies(address, stack.mongodb_uri))
        figures.milliseconds("event, commit to handled at 100 a second, p50", p50)
        figures.milliseconds("event, commit to handled at 100 a second, p95", p95, "< 150 ms")
        with alone(stack, "loyalty-serve"):
            grpc_rate = earn(figures, stack, address)
            balance(figures, address)
            transport(figures, stack)
        with alone(stack, "loyalty-serve", "gateway-serve"):
            http_earn(figures, stack, grpc_rate)
    figures.write()


if __name__ == "__main__":
    main()
