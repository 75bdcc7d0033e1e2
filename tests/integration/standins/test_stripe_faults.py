"""Every kind of fault, as the SDK meets it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import stripe

from tests.integration.standins.stripe_process import StandIn, eventually, refund_count, replayed

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams


pytestmark = pytest.mark.integration


def test_drop_before_loses_the_request(stand_in: StandIn, params: RefundCreateParams) -> None:
    stand_in.fault("drop_before", times=2)
    refund = stand_in.client(retries=2).v1.refunds.create(params, {"idempotency_key": "k"})
    assert not replayed(refund)
    assert refund_count(stand_in) == 1
    seen = [(entry["status"], entry["fault"], entry["idempotency_key"]) for entry in stand_in.wire()]
    assert seen == [(None, "drop_before", "k"), (None, "drop_before", "k"), (200, None, "k")]


def test_drop_after_loses_the_answer_only(stand_in: StandIn, params: RefundCreateParams) -> None:
    stand_in.fault("drop_after")
    refund = stand_in.client(retries=2).v1.refunds.create(params, {"idempotency_key": "k"})
    assert replayed(refund)
    assert (len(stand_in.wire()), refund_count(stand_in)) == (2, 1)


@pytest.mark.parametrize(("kind", "effect"), [("hang_before", 0), ("hang_after", 1)])
def test_hangs_run_into_the_callers_timeout(
    stand_in: StandIn,
    client: stripe.StripeClient,
    params: RefundCreateParams,
    kind: str,
    effect: int,
) -> None:
    stand_in.fault(kind, secs=5)
    with pytest.raises(stripe.APIConnectionError):
        stand_in.client(read_seconds=0.2).v1.refunds.create(params, {"idempotency_key": "k"})
    eventually(lambda: len(stand_in.wire()) == 1 and refund_count(stand_in) == effect)
    # The key is free again: nothing of the request is in flight any more.
    assert replayed(client.v1.refunds.create(params, {"idempotency_key": "k"})) == bool(effect)
    assert refund_count(stand_in) == 1


def test_slow_answers_late(
    stand_in: StandIn, client: stripe.StripeClient, params: RefundCreateParams
) -> None:
    stand_in.fault("slow", secs=0.2)
    started = time.monotonic()
    client.v1.refunds.create(params)
    assert time.monotonic() - started >= 0.2


def test_429_comes_before_idempotency_and_is_not_retried_unasked(
    stand_in: StandIn, params: RefundCreateParams
) -> None:
    client = stand_in.client(retries=2)
    stand_in.fault("429", headers={"Retry-After": "1"})
    with pytest.raises(stripe.RateLimitError) as caught:
        client.v1.refunds.create(params, {"idempotency_key": "k"})
    assert caught.value.headers
    assert caught.value.headers["Retry-After"] == "1"
    assert caught.value.error
    assert caught.value.error.code == "rate_limit"
    stand_in.fault("429", code="lock_timeout", headers={"Stripe-Should-Retry": "true"})
    refund = client.v1.refunds.create(params, {"idempotency_key": "k"})
    assert not replayed(refund)  # neither refusal used up the key
    assert [entry["status"] for entry in stand_in.wire()] == [429, 429, 200]


def test_500_before_leaves_the_key_unused(stand_in: StandIn, params: RefundCreateParams) -> None:
    stand_in.fault("500_before")
    refund = stand_in.client(retries=1).v1.refunds.create(params, {"idempotency_key": "k"})
    assert not replayed(refund)
    assert [entry["status"] for entry in stand_in.wire()] == [500, 200]


@pytest.mark.parametrize(("kind", "effect"), [("500_stored", 0), ("500_after", 1)])
def test_saved_500s_replay_whether_or_not_they_had_an_effect(
    stand_in: StandIn, params: RefundCreateParams, kind: str, effect: int
) -> None:
    client = stand_in.client(retries=2)
    stand_in.fault(kind)
    with pytest.raises(stripe.APIError) as caught:
        client.v1.refunds.create(params, {"idempotency_key": "k"})
    assert caught.value.http_status == 500
    assert caught.value.headers
    assert caught.value.headers["Idempotent-Replayed"] == "true"
    wire = [(entry["status"], entry["replayed"]) for entry in stand_in.wire()]
    assert wire == [(500, False), (500, True), (500, True)]
    assert refund_count(stand_in) == effect
    client.v1.refunds.create(params, {"idempotency_key": "another"})
    assert refund_count(stand_in) == effect + 1


def test_faults_skip_count_and_cover_ids(
    stand_in: StandIn, client: stripe.StripeClient, params: RefundCreateParams
) -> None:
    refund = client.v1.refunds.create(params)
    stand_in.fault("500_before", on="GET /v1/refunds/*", skip=1, times=2)
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(client.v1.refunds.retrieve(refund.id).status)
        except stripe.APIError as error:
            outcomes.append(str(error.http_status))
    assert outcomes == ["succeeded", "500", "500", "succeeded"]
    assert client.v1.refunds.list().data[0].id == refund.id
    assert stand_in.state()["faults"] == []
