"""Idempotency keys, as the SDK sees them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import stripe

from tests.integration.standins.stripe_process import (
    StandIn,
    eventually,
    refund_count,
    replayed,
)

if TYPE_CHECKING:
    from stripe.params import RefundCreateParams

pytestmark = pytest.mark.integration

DAY = 24 * 60 * 60


def test_the_same_key_replays_the_first_answer(
    stand_in: StandIn, client: stripe.StripeClient, params: RefundCreateParams
) -> None:
    first = client.v1.refunds.create(params, {"idempotency_key": "k"})
    stand_in.control("transition", id=first.id, status="failed")
    second = client.v1.refunds.create(params, {"idempotency_key": "k"})
    assert not replayed(first)
    assert replayed(second)
    assert (second.id, second.status) == (first.id, "succeeded")  # the old answer, not the state
    assert first.last_response
    assert second.last_response
    assert first.last_response.headers
    assert second.last_response.headers
    origin = second.last_response.headers["Original-Request"]
    assert origin == first.last_response.headers["Request-Id"]
    assert second.last_response.headers["Request-Id"] != origin
    assert refund_count(stand_in) == 1
    assert [entry["replayed"] for entry in stand_in.wire()] == [False, True]


def test_the_order_of_parameters_does_not_matter(
    stand_in: StandIn, client: stripe.StripeClient, params: RefundCreateParams
) -> None:
    backwards: RefundCreateParams = {
        "amount": params["amount"],
        "payment_intent": params["payment_intent"],
    }
    client.v1.refunds.create(params, {"idempotency_key": "k"})
    assert replayed(client.v1.refunds.create(backwards, {"idempotency_key": "k"}))


def test_other_parameters_or_another_endpoint_are_idempotency_errors(
    stand_in: StandIn, client: stripe.StripeClient, params: RefundCreateParams
) -> None:
    client.v1.refunds.create(params, {"idempotency_key": "k"})
    with pytest.raises(stripe.IdempotencyError, match="same parameters") as mismatch:
        client.v1.refunds.create({**params, "amount": 1}, {"idempotency_key": "k"})
    assert mismatch.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError, match="'/v1/payouts' vs '/v1/refunds'"):
        client.v1.payouts.create({"amount": 1, "currency": "eur"}, {"idempotency_key": "k"})
    assert replayed(client.v1.refunds.create(params, {"idempotency_key": "k"}))
    assert refund_count(stand_in) == 1


def test_a_key_in_flight_is_a_409(
    stand_in: StandIn, client: stripe.StripeClient, params: RefundCreateParams
) -> None:
    stand_in.fault("slow", secs=1.5)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(client.v1.refunds.create, params, {"idempotency_key": "k"})
        eventually(lambda: len(stand_in.wire()) == 1)
        with pytest.raises(stripe.APIError) as caught:
            client.v1.refunds.create(params, {"idempotency_key": "k"})
        assert caught.value.http_status == 409
        assert caught.value.code is None  # the trap: only the nested error has it
        assert caught.value.error
        assert caught.value.error.code == "idempotency_key_in_use"
        first = slow.result()
    again = client.v1.refunds.create(params, {"idempotency_key": "k"})
    assert replayed(again)
    assert (again.id, refund_count(stand_in)) == (first.id, 1)


def test_fifty_at_once_with_one_key_make_one_refund(stand_in: StandIn, params: RefundCreateParams) -> None:
    client = stand_in.client(retries=8)
    stand_in.fault("slow", secs=0.5)

    def create(_: int) -> str:
        return client.v1.refunds.create(params, {"idempotency_key": "k"}).id

    with ThreadPoolExecutor(16) as pool:
        ids = set(pool.map(create, range(50)))
    assert len(ids) == refund_count(stand_in) == 1
    assert 409 in {entry["status"] for entry in stand_in.wire()}


def test_keys_are_forgotten_after_24_hours(
    stand_in: StandIn, client: stripe.StripeClient, params: RefundCreateParams
) -> None:
    first = client.v1.refunds.create(params, {"idempotency_key": "k"})
    stand_in.control("advance", secs=DAY - 60)
    assert replayed(client.v1.refunds.create(params, {"idempotency_key": "k"}))
    stand_in.control("advance", secs=60)
    second = client.v1.refunds.create(params, {"idempotency_key": "k"})
    assert not replayed(second)
    assert second.id != first.id


def test_validation_failures_are_not_saved_and_refusals_are(
    stand_in: StandIn, client: stripe.StripeClient, params: RefundCreateParams
) -> None:
    options: stripe.RequestOptions = {"idempotency_key": "k"}
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({**params, "amount": 0}, options)
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.refunds.create({**params, "expand": ["nonsense"]}, options)
    assert refund_count(stand_in) == 0
    client.v1.refunds.create(params, options)
    over: stripe.RequestOptions = {"idempotency_key": "over"}
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create({**params, "amount": 7_001}, over)
    assert caught.value.headers
    assert caught.value.headers["Idempotent-Replayed"] == "true"
    # A saved refusal needs a new key even when the parameters are put right.
    with pytest.raises(stripe.IdempotencyError):
        client.v1.refunds.create({**params, "amount": 7_000}, over)


def test_keys_have_a_length_and_reads_ignore_them(
    stand_in: StandIn, client: stripe.StripeClient, params: RefundCreateParams
) -> None:
    client.v1.refunds.create(params, {"idempotency_key": "k" * 255})
    with pytest.raises(stripe.InvalidRequestError, match="at most 255"):
        client.v1.refunds.create(params, {"idempotency_key": "k" * 256})
    client.v1.balance.retrieve(options={"idempotency_key": "r"})
    client.v1.refunds.list(options={"idempotency_key": "r"})
