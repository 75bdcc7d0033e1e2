"""One suite for every `PaymentProvider`: the fake, the adapter over the stand-in, and Stripe's test mode.

The last one runs only where AFTERCARE_STRIPE_TEST_KEY holds a test key; it needs the network.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from services.chassis.kernel.money import Money
from services.refunds.adapters.stripe.client import build_client
from services.refunds.adapters.stripe.gateway import StripeGateway
from services.refunds.application.ports import PaymentProvider
from services.refunds.domain.provider import (
    ProviderStatus,
    ProviderTroubleError,
    RefundOrder,
    Trouble,
)
from tests.fakes.refunds.provider import FakeProvider
from tests.integration.standins.stripe_process import KEY, paid, stand_in_process

EUR = "EUR"
TEST_KEY = os.environ.get("AFTERCARE_STRIPE_TEST_KEY", "")
DRIVERS = ["fake", "stand-in", *(["stripe-test"] if TEST_KEY.startswith("sk_test_") else [])]


@dataclass
class Driver:
    """A provider and how a payment is made at it."""

    provider: PaymentProvider
    pay: Callable[[int], str]


@pytest.fixture(scope="module")
def standin_url() -> Iterator[str]:
    with stand_in_process() as (_, url):
        yield url


def stripe_driver(client: stripe.StripeClient) -> Driver:
    def pay(minor: int) -> str:
        intent: Any = paid(client, minor)
        return str(intent.id)

    return Driver(StripeGateway(client, "test", livemode=False), pay)


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> Driver:
    if request.param == "fake":
        fake = FakeProvider()
        return Driver(fake, lambda minor: fake.pay(Money(minor, EUR)))
    if request.param == "stand-in":
        return stripe_driver(build_client(KEY, request.getfixturevalue("standin_url")))
    return stripe_driver(build_client(TEST_KEY))


def order(payment_id: str, minor: int, leg_id: str = "") -> RefundOrder:
    return RefundOrder(leg_id or f"leg_{uuid.uuid4().hex}", "rfd_1", 1, payment_id, Money(minor, EUR))


def new_key() -> str:
    return f"rf1:{uuid.uuid4().hex}"


def trouble(call: Callable[[], object]) -> Trouble:
    with pytest.raises(ProviderTroubleError) as raised:
        call()
    return raised.value.trouble


def test_a_refund_says_whose_it_is_and_is_found_again(driver: Driver) -> None:
    provider, payment = driver.provider, driver.pay(5_000)
    asked = order(payment, 2_000)
    made = provider.create_refund(provider.parameters(asked), new_key())
    assert (made.status, made.amount) == (ProviderStatus.SUCCEEDED, Money(2_000, EUR))
    assert (made.leg_id, made.provider_payment_id) == (asked.leg_id, payment)
    assert provider.get_refund(made.id) == made
    assert list(provider.list_refunds(payment)) == [made]


def test_the_same_key_and_body_is_the_same_refund(driver: Driver) -> None:
    provider, payment = driver.provider, driver.pay(5_000)
    parameters, key = provider.parameters(order(payment, 2_000)), new_key()
    assert provider.create_refund(parameters, key) == provider.create_refund(parameters, key)
    assert len(provider.list_refunds(payment)) == 1


def test_the_same_key_with_another_body_is_our_mistake(driver: Driver) -> None:
    provider, payment = driver.provider, driver.pay(5_000)
    key = new_key()
    provider.create_refund(provider.parameters(order(payment, 2_000)), key)
    other = provider.parameters(order(payment, 2_001))
    assert trouble(lambda: provider.create_refund(other, key)) is Trouble.KEY_MISMATCH


def test_more_than_what_is_left_and_nothing_left_are_told_alike(driver: Driver) -> None:
    provider, payment = driver.provider, driver.pay(5_000)
    over = provider.parameters(order(payment, 5_001))
    assert trouble(lambda: provider.create_refund(over, new_key())) is Trouble.ALREADY_REFUNDED
    provider.create_refund(provider.parameters(order(payment, 5_000)), new_key())
    more = provider.parameters(order(payment, 1))
    assert trouble(lambda: provider.create_refund(more, new_key())) is Trouble.ALREADY_REFUNDED


def test_an_unknown_payment_or_refund_is_refused(driver: Driver) -> None:
    provider = driver.provider
    unknown = provider.parameters(order("pi_unknown", 100))
    assert trouble(lambda: provider.create_refund(unknown, new_key())) is Trouble.REFUSED
    assert trouble(lambda: provider.get_refund("re_unknown")) is Trouble.REFUSED
    assert (
        list(provider.list_movements(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC)))
        == []
    )


def test_money_that_moved_is_listed_as_positive(driver: Driver) -> None:
    provider, payment = driver.provider, driver.pay(5_000)
    made = provider.create_refund(provider.parameters(order(payment, 1_234)), new_key())
    now = datetime.now(UTC)
    moves = provider.list_movements(now - timedelta(minutes=5), now + timedelta(minutes=5))
    (mine,) = [move for move in moves if move.refund_id == made.id]
    assert (mine.amount, mine.came_back) == (Money(1_234, EUR), False)


def test_more_than_a_page_of_refunds_is_listed_whole(driver: Driver) -> None:
    provider, payment = driver.provider, driver.pay(50_000)
    if "stripe-test" in DRIVERS:
        pytest.skip("120 calls would meet the sandbox's rate limit")
    for _ in range(120):
        provider.create_refund(provider.parameters(order(payment, 1)), new_key())
    assert len(provider.list_refunds(payment)) == 120
