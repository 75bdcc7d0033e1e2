from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.integration.standins.stripe_process import (
    SECRET,
    Receiver,
    StandIn,
    paid,
    receiving,
    stand_in_process,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import stripe
    from stripe.params import RefundCreateParams


@pytest.fixture(scope="session")
def stripe_url() -> Iterator[str]:
    with stand_in_process() as (_, url):
        yield url


@pytest.fixture(scope="session")
def http() -> Iterator[httpx2.Client]:
    """One client for all plain requests: making one costs more than a request."""
    with httpx2.Client(timeout=10) as shared:
        yield shared


@pytest.fixture
def stand_in(stripe_url: str, http: httpx2.Client) -> StandIn:
    """The shared stand-in, emptied."""
    running = StandIn(stripe_url, http)
    running.control("reset")
    return running


@pytest.fixture
def client(stand_in: StandIn) -> stripe.StripeClient:
    return stand_in.client()


@pytest.fixture
def receiver(stand_in: StandIn) -> Iterator[Receiver]:
    """A webhook endpoint that the stand-in sends every event to."""
    with receiving() as listening:
        stand_in.control("hook", url=listening.url, secret=SECRET)
        yield listening


@pytest.fixture
def params(client: stripe.StripeClient) -> RefundCreateParams:
    """A partial refund, so that a second effect would go through and be seen."""
    return {"payment_intent": paid(client).id, "amount": 3_000}
