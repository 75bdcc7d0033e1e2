import asyncio
import hashlib
import hmac
from datetime import timedelta

import pytest

from aftercare.returns.v1 import resources_pb2
from services.chassis.kernel.coroutines import run_now
from services.chassis.kernel.errors import AftercareError, Kind
from services.returns.adapters.couriers.kurier import signature
from services.returns.application.use_cases.sort_parked_scans import sort_parked_scans
from tests.integration.returns.world import Case, World

B1 = [("B", 1, resources_pb2.REASON_CHANGED_MIND)]


async def booked(world: World) -> Case:
    await world.o1()
    case = await world.booked(await world.opened(B1))
    world.courier.sink.take()
    return case


async def test_forged_foreign_and_broken_webhooks_are_refused(world: World) -> None:
    case = await booked(world)
    await world.scan(case, "K20")
    [(headers, body)] = world.pushes("K20")
    for spoilt, kind, reason in (
        (world.ingested(headers, body + b" "), Kind.UNAUTHENTICATED, "BAD_WEBHOOK_SIGNATURE"),
        (world.ingested({}, body), Kind.UNAUTHENTICATED, "BAD_WEBHOOK_SIGNATURE"),
        (world.ingested(headers, body, "nobody"), Kind.INVALID_ARGUMENT, "UNKNOWN_CARRIER"),
    ):
        with pytest.raises(AftercareError) as refused:
            await spoilt
        assert (refused.value.kind, refused.value.reason) == (kind, reason)
    assert world.raw["carrier_events"].count_documents({}) == 0
    assert (await world.now(case)).state == Case.STATE_APPROVED


async def test_a_signed_webhook_that_cannot_be_read_is_told_apart(world: World) -> None:
    body = b"{}"
    at = int(world.clock.now().timestamp())
    mac = hmac.new(b"test-webhook-secret", str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    with pytest.raises(AftercareError) as refused:
        await world.ingested({signature.HEADER: f"t={at},v1={mac}"}, body)
    assert (refused.value.kind, refused.value.reason) == (Kind.INVALID_ARGUMENT, "BAD_WEBHOOK_BODY")


async def test_the_same_webhook_many_times_at_once_has_one_effect(world: World) -> None:
    case = await booked(world)
    await world.scan(case, "K20")
    [(headers, body)] = world.pushes("K20")
    done = await asyncio.gather(*(world.ingested(headers, body) for _ in range(6)))
    assert sum(one.accepted for one in done) == 1
    assert sum(one.duplicates for one in done) == 5
    assert world.topics(case.return_id).count("return.in_transit") == 1


async def test_a_scan_of_an_unknown_parcel_is_parked_and_picked_up_later(world: World) -> None:
    case = await booked(world)
    await world.scan(case, "K20")
    pushes = world.pushes("K20")
    # As if the courier had been faster than our own commit of the label.
    tracking = case.shipments[0].tracking_number
    world.raw["returns"].update_one({}, {"$set": {"shipments.0.tracking_number": "not yet"}})
    [done] = [await world.ingested(*push) for push in pushes]
    assert (done.accepted, done.parked) == (0, 1)
    assert (await world.ingested(*pushes[0])).duplicates == 1
    assert run_now(sort_parked_scans(world.work)) == 0
    world.raw["returns"].update_one({}, {"$set": {"shipments.0.tracking_number": tracking}})
    assert run_now(sort_parked_scans(world.work)) == 1
    assert (await world.now(case)).state == Case.STATE_IN_TRANSIT
    assert run_now(sort_parked_scans(world.work)) == 0


async def test_a_scan_that_finds_no_return_for_a_day_becomes_an_orphan(world: World) -> None:
    await asyncio.to_thread(
        world.courier.control, "scan", tracking_no="KU000000000001", code="K20", stray=True, wait=True
    )
    [done] = await world.take_webhooks()
    assert done.parked == 1
    world.clock.instant += timedelta(hours=24)
    run_now(sort_parked_scans(world.work))
    assert [row["state"] for row in world.raw["carrier_events"].find()] == ["ORPHAN"]
