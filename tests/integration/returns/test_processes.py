"""`migrate`, `work` and `relay` as real processes, with a real broker."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager

import amqp
import pytest

from aftercare.common.v1 import event_pb2
from aftercare.refunds.v1 import refunds_events_pb2
from aftercare.returns.v1 import resources_pb2
from services.chassis.events.connections import connect
from services.chassis.events.topology import declare_exchange, events_exchange
from services.chassis.wire import from_datetime
from tests.integration.returns.world import TENANT, Case, PickupState, World

B1 = [("B", 1, resources_pb2.REASON_CHANGED_MIND)]


@contextmanager
def process(verb: str, environment: dict[str, str]) -> Iterator[None]:
    command = [sys.executable, "-m", "services.returns", verb]
    running = subprocess.Popen(command, env={**os.environ, **environment})  # noqa: S603 - our own module
    try:
        yield
    finally:
        running.terminate()
        assert running.wait(timeout=20) == 0


async def until(case: Case, look: Callable[[Case], Awaitable[Case]], is_so: Callable[[Case], bool]) -> Case:
    for _ in range(200):
        case = await look(case)
        if is_so(case):
            return case
        await asyncio.sleep(0.1)
    pytest.fail(f"it never came to that: {case}")


@pytest.fixture
def environment(world: World, amqp_uri: str) -> dict[str, str]:
    settings = world.settings
    return {
        "MONGODB_URI": settings.mongodb_uri.get_secret_value(),
        "AMQP_URI": amqp_uri,
        "RETURNS_DATABASE": settings.returns_database,
        "COURIER_BASE_URL": settings.courier_base_url,
        "COURIER_API_KEY": settings.courier_api_key.get_secret_value(),
        "COURIER_WEBHOOK_SECRET": settings.courier_webhook_secret.get_secret_value(),
        "LOG_LEVEL": "warning",
    }


async def test_work_finds_out_a_lost_booking_and_hears_of_the_refund(
    world: World, environment: dict[str, str], amqp_uri: str
) -> None:
    await world.o1(member=False)
    case = await world.opened(B1)
    world.courier.control("fault", on="POST /v2/collections", kind="drop_after", times=1)
    case = await world.booked(case)
    assert case.pickups[0].state == PickupState.STATE_BOOKING_UNKNOWN
    with ExitStack() as stack:
        migrated = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.returns", "migrate", env={**os.environ, **environment}
        )
        assert await migrated.wait() == 0
        stack.enter_context(process("work", environment))
        case = await until(case, world.now, lambda c: c.pickups[0].state == PickupState.STATE_SCHEDULED)
        await world.received(case, [("B", 1)])
        await world.inspected(case, [("B", 1)])
        await asyncio.to_thread(publish, amqp_uri, f"return:{case.return_id}:settlement:1", world)
        await until(case, world.now, lambda c: c.state == Case.STATE_CLOSED)


def publish(amqp_uri: str, key: str, world: World) -> None:
    """What refunds' relay would send."""
    payload = refunds_events_pb2.RefundCompleted(refund_id="ref_1", request_key=key)
    envelope = event_pb2.EventEnvelope(
        event_id="evt_1",
        type="refund.completed",
        tenant_id=TENANT,
        aggregate_id="ref_1",
        sequence=2,
        occurred_time=from_datetime(world.clock.now()),
        schema=payload.DESCRIPTOR.full_name,
        payload=payload.SerializeToString(),
    )
    connection = connect(amqp_uri)
    try:
        channel = connection.channel()
        declare_exchange(channel, "refunds")
        message = amqp.Message(envelope.SerializeToString(), delivery_mode=2)
        channel.basic_publish_confirm(message, events_exchange("refunds"), envelope.type, mandatory=True)
    finally:
        connection.close()


@pytest.mark.parametrize("arguments", [[], ["dance"], ["serve", "work"]])
def test_an_unknown_verb_prints_the_usage(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "services.returns", *arguments]
    done = subprocess.run(  # noqa: S603 - our own module
        command, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 64
    assert "serve | work | relay | migrate" in done.stderr
