"""The process, its keys and payments, through the real SDK."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import stripe

from tests.integration.standins.stripe_process import (
    StandIn,
    charge_of,
    eventually,
    paid,
    receiving,
    stand_in_process,
)

if TYPE_CHECKING:
    import httpx2

pytestmark = pytest.mark.integration


def test_process_says_ready_answers_healthz_and_ends_at_once_with_a_request_held_open(
    http: httpx2.Client,
) -> None:
    with stand_in_process() as (process, url):
        running = StandIn(url, http)
        assert http.get(f"{url}/healthz").status_code == 200
        running.fault("hang_before", on="GET /v1/balance", secs=60)
        with pytest.raises(stripe.APIConnectionError):
            running.client(read_seconds=0.1).v1.balance.retrieve()
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--host", "0.0.0.0"], "--allow-any-host"),  # noqa: S104 - that it refuses is the test
        (["--webhook", "http://127.0.0.1:1/h"], "belong together"),
        (["--webhook", "http://192.0.2.1/h", "--webhook-secret", "whsec_x"], "on this machine"),
        (["--webhook", "http://127.0.0.1:1/h", "--webhook-secret", "x"], "whsec_"),
    ],
)
def test_process_refuses_unsafe_or_half_given_options(options: list[str], said: str) -> None:
    command = [sys.executable, "-m", "deploy.standins.stripe", "--port", "0", *options]
    ended = subprocess.run(  # noqa: S603 - fixed argument list
        command, capture_output=True, text=True, timeout=10, check=False
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "ready" not in ended.stdout


def test_process_keeps_its_hook_and_clock_offset_across_a_reset(http: httpx2.Client) -> None:
    with receiving() as receiver:
        hook = ("--webhook", receiver.url, "--webhook-secret", "whsec_standin")
        with stand_in_process(*hook, "--clock-offset", "-86400") as (_, url):
            running = StandIn(url, http)
            running.control("reset")
            intent = paid(running.client())
            assert time.time() - 86_400 - intent.created < 5
            eventually(lambda: "payment_intent.succeeded" in receiver.types())


@pytest.mark.parametrize("key", ["sk_live_abc", "rk_live_abc", "pk_live_abc", "sk_org_live_abc"])
@pytest.mark.parametrize("path", ["/v1/balance", "/_control/state", "/healthz"])
def test_live_keys_are_refused_everywhere_and_not_repeated(stand_in: StandIn, key: str, path: str) -> None:
    for headers in ({"Authorization": f"Bearer {key}"}, {"Authorization": f"bearer  {key}"}):
        response = stand_in.http.get(stand_in.url + path, headers=headers)
        assert response.status_code == 401
        assert "never serves live keys" in response.json()["error"]["message"]
        assert key not in response.text
    assert stand_in.http.get(stand_in.url + path, auth=(key, "")).status_code == 401


def test_a_live_key_in_the_sdk_is_an_authentication_error(stand_in: StandIn) -> None:
    with pytest.raises(stripe.AuthenticationError, match="never serves live keys"):
        stand_in.client(key="sk_live_abc").v1.balance.retrieve()


@pytest.mark.parametrize("key", ["whatever", "pk_test_abc", "sk_test_"])
def test_keys_of_another_shape_are_stripes_401(stand_in: StandIn, key: str) -> None:
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided"):
        stand_in.client(key=key).v1.balance.retrieve()
    assert stand_in.http.get(f"{stand_in.url}/v1/balance").status_code == 401


def test_restricted_test_keys_serve(stand_in: StandIn) -> None:
    assert stand_in.client(key="rk_test_abc").v1.balance.retrieve().available[0].amount == 0


def test_payment_goes_from_customer_to_charge(client: stripe.StripeClient) -> None:
    customer = client.v1.customers.create({"email": "a@example.test", "metadata": {"ref": "7"}})
    method = client.v1.payment_methods.create(
        {"type": "card", "card": {"number": "4242424242424242", "exp_month": 1, "exp_year": 2030}}
    )
    client.v1.payment_methods.attach(method.id, {"customer": customer.id})
    intent = client.v1.payment_intents.create(
        {"amount": 5_000, "currency": "EUR", "customer": customer.id, "payment_method": method.id}
    )
    assert (intent.status, intent.latest_charge) == ("requires_confirmation", None)
    intent = client.v1.payment_intents.confirm(intent.id)
    assert (intent.status, intent.amount_received, intent.currency) == ("succeeded", 5_000, "eur")
    charge = client.v1.charges.retrieve(charge_of(intent))
    assert (charge.amount_captured, charge.captured, charge.customer) == (5_000, True, customer.id)
    assert isinstance(intent.created, int)
    assert client.v1.customers.list({"email": "a@example.test"}).data[0].to_dict()["metadata"]["ref"] == "7"
    assert client.v1.payment_methods.list({"customer": customer.id}).data[0].id == method.id
    assert client.v1.charges.list({"payment_intent": intent.id}).data[0].id == charge.id


def test_latest_charge_is_a_string_unless_expanded(client: stripe.StripeClient) -> None:
    intent = paid(client)
    charge_of(intent)
    wide = client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge.balance_transaction"]})
    assert isinstance(wide.latest_charge, stripe.Charge)
    assert isinstance(wide.latest_charge.balance_transaction, stripe.BalanceTransaction)
    charge_of(client.v1.payment_intents.retrieve(intent.id))
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        client.v1.payment_intents.retrieve(intent.id, {"expand": ["nonsense"]})


def test_a_declined_card_is_a_card_error(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.CardError) as caught:
        paid(client, card="pm_card_visa_chargeDeclined")
    assert (caught.value.http_status, caught.value.code) == (402, "card_declined")
    assert client.v1.payment_intents.list().data[0].status == "requires_payment_method"


def test_partial_capture_books_a_reversal_that_is_no_refund(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 10_000,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "capture_method": "manual",
        }
    )
    assert (intent.status, intent.amount_capturable) == ("requires_capture", 10_000)
    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        client.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError, match="greater than the remaining"):
        client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 10_001})
    intent = client.v1.payment_intents.capture(intent.id, {"amount_to_capture": 6_000})
    assert (intent.status, intent.amount_received) == ("succeeded", 6_000)
    rows = client.v1.balance_transactions.list({"source": charge_of(intent)}).data
    seen = [(row.type, row.reporting_category, row.amount) for row in rows]
    assert seen == [
        ("refund", "partial_capture_reversal", -4_000),
        ("charge", "charge", 10_000),
    ]
    assert client.v1.refunds.list({"payment_intent": intent.id}).data == []
    with pytest.raises(stripe.InvalidRequestError, match=r"unrefunded amount on charge \(€60.00\)"):
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 6_001})


def test_a_canceled_payment_cannot_be_confirmed(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create({"amount": 100, "currency": "eur"})
    assert client.v1.payment_intents.cancel(intent.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.payment_intents.confirm(intent.id)
    assert caught.value.code == "payment_intent_unexpected_state"


def test_an_address_nobody_serves_is_stripes_404(stand_in: StandIn) -> None:
    headers = {"Authorization": "Bearer sk_test_x"}
    response = stand_in.http.get(f"{stand_in.url}/v1/subscriptions", headers=headers)
    assert response.status_code == 404
    assert "Unrecognized request URL (GET: /v1/subscriptions)" in response.text
