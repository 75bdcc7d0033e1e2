"""The quote is two services' words in one answer."""

import json
from typing import Any

import pytest

from aftercare.returns.v1 import resources_pb2, returns_service_pb2
from services.chassis.kernel.errors import AftercareError, Kind
from services.gateway.domain.credentials import Audience
from services.gateway.entrypoints.http.routes.orders import QUOTE
from tests.integration.gateway.upstream import CannedUpstream
from tests.integration.gateway.world import Gateway, problem

BODY = {"lines": [{"line_id": "A", "quantity": 2, "reason": "DEFECTIVE"}]}


@pytest.fixture
def quoted(upstream: CannedUpstream) -> CannedUpstream:
    answer = returns_service_pb2.QuoteReturnResponse(quote_token="token")
    line = answer.lines.add(line_id="A", quantity=2)
    line.totals.goods.minor, line.totals.goods.currency = 2500, "PLN"
    upstream.answers["QuoteReturn"] = answer
    upstream.answers["GetOrder"] = resources_pb2.Order(order_id="O1", loyalty_account_id="acc_1")
    return upstream


async def quote(gateway: Gateway) -> Any:
    return await gateway.ask(QUOTE, path="/v1/orders/O1/return-quotes", body=BODY)


async def test_a_member_is_told_what_becomes_of_the_points(gateway: Gateway, quoted: CannedUpstream) -> None:
    answer = await quote(gateway)

    assert answer.status_code == 200
    assert answer.json()["quote_token"] == "token"
    assert answer.json()["points_preview"]["balance"]["available"] == 7
    assert QUOTE.answer_model().model_validate_json(answer.content)
    (question,) = [request for name, request in quoted.asked if name == "SimulateReturn"]
    assert (question.account_id, question.order_id, question.ctx.tenant_id) == ("acc_1", "O1", "demo")
    (line,) = question.lines
    assert (line.line_id, line.quantity, line.refund_amount.minor) == ("A", 2, 2500)


async def test_who_is_no_member_has_no_points_to_preview(gateway: Gateway, quoted: CannedUpstream) -> None:
    quoted.answers["GetOrder"] = resources_pb2.Order(order_id="O1")

    answer = await quote(gateway)

    assert json.loads(answer.content)["points_preview"] is None
    assert "SimulateReturn" not in [name for name, _ in quoted.asked]


@pytest.mark.parametrize("reason", ["ORDER_NOT_EARNED", "ACCOUNT_NOT_FOUND"])
async def test_an_order_that_earned_nothing_has_no_points_to_preview(
    reason: str, gateway: Gateway, quoted: CannedUpstream
) -> None:
    quoted.answers["SimulateReturn"] = AftercareError(Kind.NOT_FOUND, reason, "nothing")

    answer = await quote(gateway)

    assert answer.status_code == 200
    assert answer.json()["points_preview"] is None


async def test_a_quote_is_whole_or_not_there(gateway: Gateway, quoted: CannedUpstream) -> None:
    quoted.answers["SimulateReturn"] = AftercareError(Kind.UNAVAILABLE, "STORAGE_FULL", "later")
    problem(await quote(gateway), 503, "STORAGE_FULL")
    quoted.answers["SimulateReturn"] = AftercareError(Kind.INVALID_ARGUMENT, "INVALID_REQUEST", "ours")
    assert "detail" not in problem(await quote(gateway), 500, "INTERNAL")
    quoted.answers["QuoteReturn"] = AftercareError(Kind.FAILED_PRECONDITION, "WINDOW_CLOSED", "too late")
    problem(await quote(gateway), 409, "WINDOW_CLOSED")


async def test_asking_needs_no_intent(gateway: Gateway, quoted: CannedUpstream) -> None:
    answer = await gateway.ask(QUOTE, body=BODY, headers={"Idempotency-Key": ""}, audience=Audience.AGENT)
    assert answer.status_code == 200
