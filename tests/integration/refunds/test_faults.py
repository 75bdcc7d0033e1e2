"""The named fault cases of refunds.md 4.9, with the real SDK, real HTTP and real MongoDB.

Each ends with the invariant: money out at Stripe = legs that succeeded = journal = balance transactions, at
most one live refund a leg, never above what was captured.
"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from aftercare.refunds.v1 import resources_pb2
from services.chassis.kernel.errors import AftercareError
from services.refunds.application.use_cases.process_psp_event import process_psp_events
from tests.integration.refunds.shop import Shop, in_thread, until
from tests.integration.standins.stripe_process import charge_of

pytestmark = pytest.mark.integration
Leg = resources_pb2.RefundLeg


async def one_refund(shop: Shop, minor: int = 3_000) -> str:
    await shop.pay("o1")
    return (await shop.ask("o1", minor)).refund_id


async def recovered(shop: Shop, refund_id: str) -> resources_pb2.RefundLeg:
    """What a new worker makes of it, once the dead one's lease is over."""
    await shop.send()
    assert (await shop.leg(refund_id)).state != Leg.STATE_SUCCEEDED, "taken over before the lease's end"
    return await shop.send_until("SUCCEEDED", refund_id)


def assert_calls(shop: Shop, posts: int, keys: int) -> None:
    assert (len(shop.posts()), len(shop.idempotency_keys())) == (posts, keys)
    assert len(shop.standin.state()["refunds"]) == 1


async def test_F01_crash_before_write_ahead_sends_once(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    await shop.crash_at("before_write_ahead")
    assert (await shop.leg(refund_id)).state == Leg.STATE_READY
    await shop.send()
    assert (await shop.leg(refund_id)).state == Leg.STATE_SUCCEEDED
    assert_calls(shop, posts=1, keys=1)
    await shop.assert_books_agree()


async def test_F02_crash_after_write_ahead_before_the_call_sends_once(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    await shop.crash_at("after_write_ahead")
    assert shop.posts() == []
    leg = await recovered(shop, refund_id)
    assert leg.attempt == 1
    assert_calls(shop, posts=1, keys=1)
    await shop.assert_books_agree()


async def test_F03_connection_dropped_twice_before_stripe_saw_it(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    shop.standin.fault("drop_before", times=2)
    leg = await shop.send_until("SUCCEEDED", refund_id)
    assert (leg.attempt, leg.wire_calls) == (1, 3)
    assert_calls(shop, posts=3, keys=1)
    await shop.assert_books_agree()


async def test_F04_response_lost_after_the_effect(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    shop.standin.fault("drop_after")
    await shop.send()
    assert (await shop.leg(refund_id)).state == Leg.STATE_UNKNOWN
    leg = await shop.send_until("SUCCEEDED", refund_id)
    assert leg.attempt == 1
    assert_calls(shop, posts=2, keys=1)
    await shop.assert_books_agree()


async def test_F05_crash_after_success_before_the_record(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    await shop.crash_at("after_call")
    await recovered(shop, refund_id)
    assert_calls(shop, posts=2, keys=1)
    await shop.assert_books_agree()


async def test_F05b_crash_found_after_20_hours_is_looked_up_not_replayed(shop: Shop) -> None:
    """Stripe may forget a key after 24 h, and the same key then makes a second refund (mutation M3)."""
    refund_id = await one_refund(shop)
    await shop.crash_at("after_call")
    shop.later(timedelta(hours=25))
    await shop.send()
    assert (await shop.leg(refund_id)).state == Leg.STATE_SUCCEEDED
    assert_calls(shop, posts=1, keys=1)
    await shop.assert_books_agree()


async def test_F07_stored_500_without_effect_gets_a_new_key_after_15_minutes(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    shop.standin.fault("500_stored")
    leg = await shop.send_until("SUCCEEDED", refund_id)
    assert (leg.attempt, leg.wire_calls) == (2, 2)
    assert_calls(shop, posts=2, keys=2)
    row = shop.database["legs"].find_one({"_id": leg.leg_id}) or {}
    first_call = shop.database["refunds"].find_one({"refund_id": refund_id}) or {}
    assert row["first_sent_at"] - first_call["created_at"] >= timedelta(minutes=15)
    await shop.assert_books_agree()


async def test_F08_500_with_effect_is_found_by_the_list(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    shop.standin.fault("500_after")
    await shop.send_until("SUCCEEDED", refund_id)
    assert_calls(shop, posts=1, keys=1)
    await shop.assert_books_agree()


async def test_F07b_three_stored_500s_give_the_leg_to_a_person(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    shop.standin.fault("500_stored", times=10)
    leg = await shop.send_until("MANUAL", refund_id, tries=30)
    assert leg.attempt == 3
    assert shop.alarms() == ["UNPROVEN"]
    assert (await shop.payment("o1")).reserved.minor == 3_000
    await shop.assert_books_agree()


async def test_F09_two_workers_when_the_lease_ends_in_flight(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    shop.standin.fault("slow", secs=1.0)
    slow = asyncio.create_task(shop.send())
    await until(lambda: bool(shop.posts()))
    shop.clock.instant += timedelta(seconds=61)
    await shop.send()  # the second worker is told 409: the first call is still under way
    assert (await shop.leg(refund_id)).state == Leg.STATE_UNKNOWN
    await slow
    assert (await shop.leg(refund_id)).state == Leg.STATE_SUCCEEDED
    assert_calls(shop, posts=2, keys=1)
    await shop.assert_books_agree()


async def test_F10_ten_429s_are_waited_out_with_one_key(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    shop.standin.fault("429", times=10)
    await shop.send()
    assert (await shop.leg(refund_id)).state == Leg.STATE_RETRY_WAIT
    await shop.send_until("SUCCEEDED", refund_id)
    assert_calls(shop, posts=11, keys=1)
    await shop.assert_books_agree()


async def test_F10b_retry_after_is_honoured(shop: Shop) -> None:
    await one_refund(shop)
    shop.standin.fault("429", headers={"Retry-After": "120"})
    await shop.send()
    row = shop.database["legs"].find_one() or {}
    assert row["due_at"] - shop.clock.now() == timedelta(seconds=120)


async def test_F11_webhook_before_the_response(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    shop.standin.fault("hang_after", secs=1.5)
    sending = asyncio.create_task(shop.send())
    await shop.hooks()
    assert (await shop.leg(refund_id)).state == Leg.STATE_SUCCEEDED
    assert not sending.done()
    await sending  # the answer is lost after that, and changes nothing
    assert (await shop.leg(refund_id)).state == Leg.STATE_SUCCEEDED
    assert_calls(shop, posts=1, keys=1)
    await shop.assert_books_agree()


async def test_F12_webhooks_duplicated_and_newest_first(shop: Shop) -> None:
    await shop.pay("o1", card="pm_card_pendingRefund")
    refund_id = (await shop.ask("o1", 3_000)).refund_id
    await shop.send()
    assert (await shop.leg(refund_id)).state == Leg.STATE_PENDING
    await shop.hooks(at_least=2)
    for _ in range(4):
        shop.standin.control("redeliver", prefix="refund.", order="newest_first")
    answers = await shop.hooks(at_least=8)
    assert [answer.duplicate for answer in answers] == [True] * 8
    assert (await shop.leg(refund_id)).state == Leg.STATE_SUCCEEDED
    assert shop.database["journal"].count_documents({}) == 1
    assert len(shop.events("refund.completed")) == 1
    await shop.assert_books_agree()


async def test_F13_failed_21_days_later_and_an_old_webhook_after_that(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    await shop.send()
    await shop.hooks()
    shop.later(timedelta(days=21))
    (found,) = shop.standin.state()["refunds"]
    shop.standin.control("transition", id=found["id"], status="failed", reason="lost_or_stolen_card")
    await shop.hooks(at_least=2)
    leg = await shop.leg(refund_id)
    assert (leg.state, leg.failure_reason) == (Leg.STATE_FAILED, "lost_or_stolen_card")
    old = {"$set": {"state": "NEW", "due_at": shop.clock.now()}}
    shop.database["psp_events"].update_one({"type": "refund.created"}, old)
    await in_thread(lambda: process_psp_events(shop.work))
    assert (await shop.leg(refund_id)).state == Leg.STATE_FAILED
    assert (await shop.refund(refund_id)).state == resources_pb2.Refund.STATE_FAILED
    assert shop.alarms() == ["REFUND_FAILED"]
    payment = await shop.payment("o1")
    assert (payment.refunded.minor, payment.reserved.minor) == (0, 0)
    assert len(shop.events("refund.failed")) == 1
    await shop.assert_books_agree()


async def test_F14_two_equal_parts_go_out_and_a_third_over_the_cap_never_calls(shop: Shop) -> None:
    await shop.pay("o1")
    first, second = await shop.ask("o1", 4_000), await shop.ask("o1", 4_000)
    with pytest.raises(AftercareError) as refused:
        await shop.ask("o1", 4_000)
    assert refused.value.reason == "OVER_CAP"
    assert refused.value.metadata["refundable"] == "2000"
    await shop.send()
    assert first.refund_id != second.refund_id
    assert sum(r["amount"] for r in shop.standin.state()["refunds"]) == 8_000
    assert len(shop.posts()) == 2
    await shop.assert_books_agree()


async def test_F14b_fifty_at_once_never_exceed_the_cap(shop: Shop) -> None:
    await shop.pay("o1")
    asked = await asyncio.gather(*(shop.ask("o1", 900) for _ in range(50)), return_exceptions=True)
    made = [each for each in asked if isinstance(each, resources_pb2.Refund)]
    refused = [each for each in asked if isinstance(each, AftercareError)]
    assert (len(made), len(refused)) == (11, 39)
    assert {error.reason for error in refused} == {"OVER_CAP"}
    await shop.send()
    await shop.assert_books_agree()


async def test_F16_the_same_request_fifty_times_at_once_is_one_refund(shop: Shop) -> None:
    await shop.pay("o1")
    asked = await asyncio.gather(*(shop.ask("o1", 1_000, key="same") for _ in range(50)))
    assert len({refund.refund_id for refund in asked}) == 1
    await asyncio.gather(*(shop.send() for _ in range(4)))
    assert len(shop.posts()) == 1
    await shop.assert_books_agree()


async def test_F17_all_webhooks_lost_and_the_poller_finds_out(shop: Shop) -> None:
    shop.standin.control("next_refund", status="pending")
    refund_id = await one_refund(shop)
    await shop.send()
    assert (await shop.leg(refund_id)).state == Leg.STATE_PENDING
    assert (await shop.payment("o1")).refunded.minor == 3_000
    shop.later(timedelta(minutes=5))
    await shop.send()  # still pending: asked again later
    assert (await shop.leg(refund_id)).state == Leg.STATE_PENDING
    (found,) = shop.standin.state()["refunds"]
    shop.standin.control("transition", id=found["id"], status="succeeded")
    shop.later(timedelta(minutes=5))
    await shop.send()
    assert (await shop.leg(refund_id)).state == Leg.STATE_PENDING, "polled sooner than its back-off"
    await shop.send_until("SUCCEEDED", refund_id)
    await shop.assert_books_agree()


async def test_F18_a_dispute_blocks_and_keeps_the_reservation(shop: Shop) -> None:
    payment = await shop.pay("o1")
    intent = await asyncio.to_thread(shop.sdk.v1.payment_intents.retrieve, payment.provider_payment_id)
    shop.standin.control("dispute", charge=charge_of(intent))
    refund_id = (await shop.ask("o1", 3_000)).refund_id
    await shop.send()
    assert (await shop.leg(refund_id)).state == Leg.STATE_BLOCKED_DISPUTE
    assert (await shop.payment("o1")).reserved.minor == 3_000
    assert shop.standin.state()["refunds"] == []
    await shop.assert_books_agree()


async def test_F19_a_worker_dies_at_five_successive_points(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    points = ("before_write_ahead", "after_write_ahead", "after_call", "inside_record", "after_record")
    for point in points:
        await shop.crash_at(point)
        shop.later(timedelta(seconds=61))
    await shop.send()
    assert (await shop.leg(refund_id)).state == Leg.STATE_SUCCEEDED
    assert len(shop.idempotency_keys()) == 1
    assert len(shop.standin.state()["refunds"]) == 1
    assert len(shop.events("refund.completed")) == 1
    await shop.assert_books_agree()


async def test_F21_crash_between_state_and_posting_leaves_neither_and_posts_once(shop: Shop) -> None:
    refund_id = await one_refund(shop)
    await shop.crash_at("inside_record")
    assert shop.database["journal"].count_documents({}) == 0
    assert (await shop.leg(refund_id)).state == Leg.STATE_SENDING
    await recovered(shop, refund_id)
    assert shop.database["journal"].count_documents({}) == 1
    await shop.assert_books_agree()


async def test_a_refund_in_the_dashboard_is_taken_into_the_books(shop: Shop) -> None:
    payment = await shop.pay("o1")
    shop.standin.control("external_refund", payment_intent=payment.provider_payment_id, amount=3_000)
    await shop.hooks()
    payment = await shop.payment("o1")
    assert payment.refunded.minor == 3_000
    assert len(shop.events("refund.external_detected")) == 1
    assert shop.alarms() == ["EXTERNAL_REFUND"]
    with pytest.raises(AftercareError) as refused:
        await shop.ask("o1", 7_001)
    assert refused.value.reason == "OVER_CAP"
    await shop.assert_books_agree()


async def test_refunded_outside_before_we_heard_of_it_is_rejected_and_released(shop: Shop) -> None:
    payment = await shop.pay("o1")
    shop.standin.control("external_refund", payment_intent=payment.provider_payment_id, amount=9_000)
    refund_id = (await shop.ask("o1", 3_000)).refund_id
    await shop.send()
    leg = await shop.leg(refund_id)
    assert (leg.state, leg.failure_reason) == (Leg.STATE_REJECTED, "ALREADY_REFUNDED_OUTSIDE")
    assert (await shop.refund(refund_id)).state == resources_pb2.Refund.STATE_FAILED
    assert shop.alarms() == ["REFUNDED_OUTSIDE"]
    await shop.hooks()
    assert (await shop.payment("o1")).refunded.minor == 9_000
    await shop.assert_books_agree()


async def test_an_unsigned_or_tampered_webhook_is_refused(shop: Shop) -> None:
    await one_refund(shop)
    await shop.send()
    await until(lambda: bool(shop.receiver.received))
    body, signature = shop.receiver.received[0]
    forged: list[tuple[bytes, str]] = [
        (body.replace(b"3000", b"9000"), signature),
        (body, "t=1,v1=00"),
        (body, "nonsense"),
        (b"\xff\xfe", signature),
    ]
    for raw, header in forged:
        with pytest.raises(AftercareError) as refused:
            await shop.ingest(raw, header)
        assert refused.value.reason == "BAD_WEBHOOK_SIGNATURE"
    shop.receiver.received.clear()
    shop.standin.control("redeliver", prefix="refund.", skew=-400)
    old: Any = shop.receiver.received[0]
    with pytest.raises(AftercareError) as refused:
        await shop.ingest(*old)
    assert refused.value.reason == "BAD_WEBHOOK_SIGNATURE"
    assert shop.database["psp_events"].count_documents({}) == 0
