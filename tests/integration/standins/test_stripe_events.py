"""Events and webhooks, verified with the SDK's own construct_event."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import stripe

from tests.integration.standins.stripe_process import SECRET, StandIn, eventually, paid, receiving

if TYPE_CHECKING:
    from tests.integration.standins.stripe_process import Receiver

pytestmark = pytest.mark.integration

DAY = 24 * 60 * 60


def test_webhooks_are_signed_and_carry_a_snapshot(
    stand_in: StandIn, client: stripe.StripeClient, receiver: Receiver
) -> None:
    refund = client.v1.refunds.create({"payment_intent": paid(client).id}, {"idempotency_key": "k"})
    eventually(lambda: {"refund.created", "charge.refunded"} <= set(receiver.types()))
    created = next(event for event in receiver.events() if event.type == "refund.created")
    assert created.data.object.to_dict()["id"] == refund.id
    assert created.api_version == "2026-10-28.endive"
    assert created.request
    assert created.request.idempotency_key == "k"
    with pytest.raises(stripe.SignatureVerificationError):
        receiver.events(secret="whsec_other")
    updated = client.v1.refunds.update(refund.id, {"metadata": {"a": "1"}})
    assert updated.id == refund.id
    kept = client.v1.events.retrieve(created.id).data.object.to_dict()
    assert kept["metadata"] == {}  # as it was when the event happened


def test_signatures_hold_whatever_the_accounts_clock_says(
    stand_in: StandIn, client: stripe.StripeClient, receiver: Receiver
) -> None:
    stand_in.control("advance", secs=21 * DAY)
    paid(client)
    eventually(lambda: "charge.succeeded" in receiver.types())
    assert receiver.events()[0].created > time.time() + 20 * DAY


def test_a_delivery_is_tried_three_times(
    stand_in: StandIn, client: stripe.StripeClient, receiver: Receiver
) -> None:
    stand_in.control("hook", url=receiver.url, secret=SECRET, events=["customer.*"])
    stand_in.control("hook", url=receiver.url, secret=SECRET, events=["payment_intent.created"])
    receiver.statuses[:] = [500, 302]
    client.v1.payment_intents.create({"amount": 100, "currency": "eur"})
    eventually(lambda: len(receiver.received) == 3)
    assert len({event.id for event in receiver.events()}) == 1
    eventually(lambda: not client.v1.events.list({"delivery_success": False}).data)

    receiver.statuses[:] = [500, 500, 500]
    client.v1.payment_intents.create({"amount": 100, "currency": "eur"})
    eventually(lambda: len(receiver.received) == 6)
    time.sleep(0.6)  # longer than any pause between attempts
    assert len(receiver.received) == 6
    undelivered = client.v1.events.list({"delivery_success": False}).data
    assert [event.type for event in undelivered] == ["payment_intent.created"]
    assert undelivered[0].pending_webhooks == 1
    assert stand_in.control("redeliver")["delivered"] == 2
    assert client.v1.events.list({"delivery_success": False}).data == []


def test_events_are_listed_by_types_and_delivery(
    stand_in: StandIn, client: stripe.StripeClient, receiver: Receiver
) -> None:
    stand_in.control("autohook", on=False)
    refund = client.v1.refunds.create({"payment_intent": paid(client).id})
    stand_in.control("transition", id=refund.id, status="failed")
    listed = client.v1.events.list(
        {"types": ["refund.created", "refund.updated", "refund.failed"], "delivery_success": False}
    )
    assert [event.type for event in listed.data] == [
        "refund.failed",
        "refund.updated",
        "refund.created",
    ]
    assert client.v1.events.list({"delivery_success": True}).data == []
    assert len(client.v1.events.list({"type": "refund.*"}).data) == 3
    assert client.v1.events.list({"type": "charge.*", "limit": 1}).has_more
    assert receiver.received == []
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        client.v1.events.list({"types": ["a"], "type": "b"})
    with pytest.raises(stripe.InvalidRequestError, match="up to 20"):
        client.v1.events.list({"types": [f"t{number}" for number in range(21)]})


def test_events_are_kept_for_thirty_days(stand_in: StandIn, client: stripe.StripeClient) -> None:
    paid(client)
    event = client.v1.events.list().data[0]
    stand_in.control("advance", secs=30 * DAY + 5)
    assert client.v1.events.list().data == []
    with pytest.raises(stripe.InvalidRequestError, match="No such event"):
        client.v1.events.retrieve(event.id)


def test_redelivery_repeats_and_reorders(
    stand_in: StandIn, client: stripe.StripeClient, receiver: Receiver
) -> None:
    stand_in.control("autohook", on=False)
    refund = client.v1.refunds.create({"payment_intent": paid(client).id})
    stand_in.control("transition", id=refund.id, status="failed")
    answer = stand_in.control("redeliver", prefix="refund.", order="newest_first")
    assert answer == {"ok": True, "events": 3, "delivered": 3, "failed": 0}
    stand_in.control("redeliver", prefix="refund.")
    newest_first = ["refund.failed", "refund.updated", "refund.created"]
    assert receiver.types() == newest_first + newest_first[::-1]
    assert len({event.created for event in receiver.events()}) <= 2  # seconds do not order them


@pytest.mark.parametrize(("skew", "accepted"), [(-299, True), (-301, False), (3_600, True)])
def test_redelivery_can_skew_the_time_in_the_signature(
    stand_in: StandIn,
    client: stripe.StripeClient,
    receiver: Receiver,
    skew: int,
    accepted: bool,  # noqa: FBT001 - a table of cases
) -> None:
    stand_in.control("autohook", on=False)
    paid(client)
    stand_in.control("redeliver", prefix="charge.", skew=skew + (1 if skew == -299 else 0))
    if accepted:
        assert receiver.types() == ["charge.succeeded"]
    else:
        with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
            receiver.types()


def test_the_webhook_can_arrive_before_the_response(
    stand_in: StandIn, client: stripe.StripeClient, receiver: Receiver
) -> None:
    intent = paid(client)
    stand_in.fault("hang_after", secs=5)
    with pytest.raises(stripe.APIConnectionError):
        stand_in.client(read_seconds=0.5).v1.refunds.create({"payment_intent": intent.id})
    eventually(lambda: "refund.created" in receiver.types())


def test_every_hook_hears_only_of_what_it_wants(
    stand_in: StandIn, client: stripe.StripeClient, receiver: Receiver
) -> None:
    with receiving() as other:
        stand_in.control("hook", url=other.url, secret="whsec_other", events=["refund.*"])
        client.v1.refunds.create({"payment_intent": paid(client).id})
        eventually(lambda: len(other.received) == 1 and "refund.created" in receiver.types())
        assert [event.type for event in other.events("whsec_other")] == ["refund.created"]


def test_a_reset_silences_what_was_to_come(
    stand_in: StandIn, client: stripe.StripeClient, receiver: Receiver
) -> None:
    client.v1.refunds.create({"payment_intent": paid(client, card="pm_card_refundFail").id})
    eventually(lambda: "charge.refunded" in receiver.types())
    receiver.statuses[:] = [500] * 10
    client.v1.payment_intents.create({"amount": 100, "currency": "eur"})
    eventually(lambda: "payment_intent.created" in receiver.types()[-1:])
    stand_in.control("reset")
    heard = len(receiver.received)
    time.sleep(0.6)  # past the next attempt, and past the moment the refund would have failed
    assert len(receiver.received) == heard
    assert stand_in.state()["event_types"] == []
