"""Database and broker down: at the start, and in the middle. Clear answers, nothing lost, back by itself."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from deploy.demo.shop import Shop
from deploy.demo.story import Story
from deploy.local.stack import LocalStack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

PROCESSES = tuple(
    f"{service}-{verb}"
    for service in ("loyalty", "returns", "refunds")
    for verb in ("serve", "work", "relay")
)
BACK_SECONDS = 60.0
ANSWER_SECONDS = 12.0  # the gateway's deadline for a call, its retries, and some patience


@pytest.fixture(scope="module")
def fragile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(Path(tmp_path_factory.mktemp("fragile"))) as stack:
        yield stack


def ask_balance(stack: LocalStack) -> tuple[int, dict[str, object], float]:
    """Status, body and seconds of one plain read, without the shop's patience."""
    state = stack.state
    headers = {"Authorization": f"Bearer {state.credentials['shop']}"}
    began = time.monotonic()
    with httpx2.Client(base_url=state.urls["gateway"], timeout=30) as client:
        answer = client.get("/v1/members/nobody/balance", headers=headers)
    return answer.status_code, answer.json(), time.monotonic() - began


def tell_a_story(stack: LocalStack) -> Story:
    with Shop.of(stack.state) as shop:
        story = Story(shop, tell=lambda _: None)
        story.run()
    return story


@pytest.mark.parametrize("part", ["mongo", "rabbit"])
def test_processes_that_start_while_a_part_is_down_come_up_when_it_is_back(
    fragile: LocalStack, part: str
) -> None:
    fragile.hold(part)
    killed = {name: fragile.kill(name) for name in PROCESSES}
    time.sleep(3)  # long enough for each to have tried, failed and been started again
    fragile.release(part)
    fragile.wait_ready(part, BACK_SECONDS)

    for name, pid in killed.items():
        fragile.wait_restarted(name, pid, BACK_SECONDS)
    assert tell_a_story(fragile).figures.wrong == []


def test_a_caller_is_told_when_the_database_is_away(fragile: LocalStack) -> None:
    assert ask_balance(fragile)[0] == 404
    fragile.hold("mongo")
    try:
        status, problem, seconds = ask_balance(fragile)
    finally:
        fragile.release("mongo")
        fragile.wait_ready("mongo", BACK_SECONDS)

    assert status in {503, 504}
    assert problem["status"] == status
    assert problem["request_id"]
    assert "27" not in str(problem.get("detail", "")), "no address leaks"
    assert seconds < ANSWER_SECONDS


def test_the_broker_may_be_away_while_customers_are_served(fragile: LocalStack) -> None:
    fragile.hold("rabbit")
    try:
        with Shop.of(fragile.state) as shop:
            shop.gateway.post(
                "shop",
                "/v1/members",
                {"program_id": "club", "customer_id": "c-broker", "account_id": "a-broker"},
            )
            change = shop.gateway.post("agent", "/v1/members/a-broker:adjust", {"points": 5})
    finally:
        fragile.release("rabbit")
        fragile.wait_ready("rabbit", BACK_SECONDS)

    assert change["balance"]["available"] == 5
    with Shop.of(fragile.state) as shop:
        deadline = time.monotonic() + BACK_SECONDS
        while not any(
            event["data"]["moved"]["account_id"] == "a-broker"
            for event in shop.gateway.get("shop", "/v1/events", types="points.adjusted", limit="100")[
                "events"
            ]
        ):
            assert time.monotonic() < deadline, "what was committed while the broker was away never arrived"
            time.sleep(0.2)
