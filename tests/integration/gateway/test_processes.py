"""The real processes: `serve` behind uvicorn, and `work` behind a real broker."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pymongo
import pytest

from services.chassis.events import topology
from services.chassis.events.connections import abandon, connect
from services.chassis.events.publisher import ConfirmedPublisher, Outgoing
from services.gateway.domain.credentials import new_key
from tests.integration.gateway.test_event_feed import told
from tests.integration.gateway.upstream import CannedUpstream

KEY = new_key()
SECONDS = 40.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def environment(
    mongodb_uri: str, amqp_uri: str, mongo_database: str, upstream: CannedUpstream
) -> dict[str, str]:
    return {
        **os.environ,
        "AFTERCARE_MODE": "test",
        "MONGODB_URI": mongodb_uri,
        "AMQP_URI": amqp_uri,
        "GATEWAY_DATABASE": mongo_database,
        "GATEWAY_LISTEN": f"127.0.0.1:{free_port()}",
        "GATEWAY_KEY_PEPPER": "a-pepper-of-this-test",
        "GATEWAY_DEV_KEYS": json.dumps({"shop": {"key": KEY, "audience": "shop"}}),
        **{f"{name}_ADDRESS": upstream.address for name in ("LOYALTY", "RETURNS", "REFUNDS")},
        "OPS_PORT": str(free_port()),
    }


def migrate(environment: dict[str, str], times: int = 1) -> None:
    command = [sys.executable, "-m", "services.gateway", "migrate"]
    for _ in range(times):
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=SECONDS)  # noqa: S603 - ours


@contextmanager
def running(verb: str, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        command = [sys.executable, "-m", "services.gateway", verb]
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)  # noqa: S603 - ours
        try:
            yield process
        finally:
            process.kill()
            process.wait(10)


def wait_ready(environment: dict[str, str], process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while True:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < end, log.read_text()
        try:
            if httpx2.get(f"http://127.0.0.1:{environment['OPS_PORT']}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)


def stopped(process: subprocess.Popen[bytes]) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(15)


async def test_serve_answers_over_http_and_ends_on_sigterm(
    environment: dict[str, str], tmp_path: Path
) -> None:
    await asyncio.to_thread(migrate, environment)  # the services behind it live in this loop
    log = tmp_path / "serve.log"
    headers = {"Authorization": f"Bearer {KEY}"}
    with running("serve", environment, log) as process:
        await asyncio.to_thread(wait_ready, environment, process, log)
        base = f"http://{environment['GATEWAY_LISTEN']}"
        async with httpx2.AsyncClient(base_url=base, headers=headers, timeout=SECONDS) as client:
            assert (await client.get("/readyz")).json() == {"status": "ready", "missing": []}
            answer = await client.get("/v1/members/id-1/balance", headers={"Request-Id": "req-from-outside"})
            assert (answer.status_code, answer.headers["request-id"]) == (200, "req-from-outside")
            assert (
                await client.get("/v1/members/id-1/balance", headers={"Authorization": ""})
            ).status_code == 401
            assert (await client.get("/v1/members/%ff/balance")).status_code == 400
            large = await client.post("/v1/refunds", content=b"x" * (1024 * 1024 + 1))
            assert large.status_code in {403, 413}
            assert (await client.get("/openapi.json")).json()["openapi"] == "3.1.0"
            metrics = (await client.get(f"http://127.0.0.1:{environment['OPS_PORT']}/metrics")).text
            assert 'method="GetBalance"' in metrics
        assert await asyncio.to_thread(stopped, process) == 0, log.read_text()
    assert KEY not in log.read_text()


def test_work_keeps_events_from_a_real_broker(
    environment: dict[str, str], tmp_path: Path, mongo_client: pymongo.MongoClient[dict[str, Any]]
) -> None:
    migrate(environment, times=2)  # the second time is harmless
    rows = mongo_client[environment["GATEWAY_DATABASE"]]["events"]
    log = tmp_path / "work.log"
    with running("work", environment, log) as process:
        wait_ready(environment, process, log)
        connection = connect(environment["AMQP_URI"], heartbeat=0)
        publisher = ConfirmedPublisher(connection)
        first, unreadable = told(1), told(2, schema="aftercare.loyalty.v9.Unknown")
        for event in (first, first, unreadable):
            body = event.SerializeToString()
            exchange = topology.events_exchange("loyalty")
            assert not publisher.publish([Outgoing(event.event_id, exchange, event.type, body)])
        dead = topology.dead_queue(topology.main_queue("gateway", "feed-loyalty"))
        channel, end, found = connection.channel(), time.monotonic() + SECONDS, None
        while found is None or not rows.count_documents({"event_id": "evt-1"}):
            assert time.monotonic() < end, log.read_text()
            found = found or channel.basic_get(dead, no_ack=True)
            time.sleep(0.05)
        abandon(connection)
        assert [row["event_id"] for row in rows.find({})] == ["evt-1"]
        assert stopped(process) == 0, log.read_text()
    assert "grpc" not in log.read_text()


@pytest.mark.parametrize("arguments", [[], ["fly"], ["serve", "work"]])
def test_an_unknown_verb_prints_the_usage(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "services.gateway", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)  # noqa: S603 - ours
    assert (done.returncode, done.stderr[:6]) == (64, "usage:")
