"""What a caller sees when something behind the gateway does not work, and what is not said."""

import pytest
import structlog
from pymongo.errors import AutoReconnect

from aftercare.loyalty.v1 import resources_pb2
from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind
from services.gateway.domain.credentials import Audience
from services.gateway.entrypoints.http.app import OPERATIONS
from tests.integration.gateway.upstream import CannedUpstream
from tests.integration.gateway.world import Door, Gateway, problem

BY_ID = {operation.operation_id: operation for operation in OPERATIONS}
BALANCE, ORDER, REFUND = BY_ID["GetBalance"], BY_ID["ImportOrder"], BY_ID["CreateRefund"]


async def test_a_service_that_is_down_is_a_503_without_its_address(orphan: Gateway) -> None:
    answer = await orphan.ask(BALANCE)

    problem(answer, 503, "UNAVAILABLE")
    assert int(answer.headers["retry-after"]) >= 1
    assert "127.0.0.1" not in answer.text
    assert "ipv4" not in answer.text


@pytest.mark.parametrize(
    "failure",
    [
        RuntimeError("secret text of ours"),
        AftercareError(Kind.INTERNAL, "LEDGER_BROKEN", "secret text of ours", {"secret": "text"}),
        AftercareError(Kind.DATA_LOSS, "LEDGER_BROKEN", "secret text of ours"),
    ],
    ids=repr,
)
async def test_a_failure_inside_a_service_is_a_bare_500(
    failure: Exception, gateway: Gateway, upstream: CannedUpstream
) -> None:
    upstream.answers["GetBalance"] = failure

    told = problem(await gateway.ask(BALANCE), 500, "INTERNAL")

    assert set(told) == {"type", "title", "status", "code", "request_id"}


async def test_a_failure_inside_the_gateway_is_a_bare_500_and_one_log_line(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("secret text of ours")

    monkeypatch.setattr(type(gateway.app.state.upstreams), "call", broken)
    with structlog.testing.capture_logs() as lines:
        told = problem(await gateway.ask(BALANCE), 500, "INTERNAL")

    assert set(told) == {"type", "title", "status", "code", "request_id"}
    assert [line["event"] for line in lines] == ["unforeseen"]


async def test_a_database_that_is_down_is_a_503(
    gateway: Gateway, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: object) -> None:
        raise AutoReconnect("127.0.0.1:27017 refused")

    monkeypatch.setattr(type(door.ports.keys), "find", gone)
    answer = await gateway.ask(BALANCE)

    problem(answer, 503, "DATABASE_UNAVAILABLE")
    assert answer.headers["retry-after"] == "1"
    assert "27017" not in answer.text


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (AftercareError(Kind.NOT_FOUND, "ACCOUNT_NOT_FOUND", "create it", {"account_id": "x"}), 404),
        (AftercareError(Kind.FAILED_PRECONDITION, "INSUFFICIENT_POINTS", "ask for less"), 409),
        (AftercareError(Kind.ALREADY_EXISTS, "IDEMPOTENCY_KEY_REUSED", "another body"), 422),
        (AftercareError(Kind.ALREADY_EXISTS, "REQUEST_ID_REUSED", "another body"), 422),
        (AftercareError(Kind.ALREADY_EXISTS, "DUPLICATE_ORDER", "known"), 409),
        (AftercareError(Kind.RESOURCE_EXHAUSTED, "TOO_MANY", "slower", retry_after=2.2), 429),
        (AftercareError(Kind.ABORTED, "VERSION_CONFLICT", "again", retry_after=0.4), 409),
        (AftercareError(Kind.UNAVAILABLE, "CARRIER_DOWN", "later", retry_after=30), 503),
        (AftercareError(Kind.DEADLINE_EXCEEDED, "SLOW", "later"), 504),
    ],
    ids=lambda one: getattr(one, "reason", ""),
)
async def test_a_refusal_passes_with_its_reason(
    failure: AftercareError, status: int, gateway: Gateway, upstream: CannedUpstream
) -> None:
    upstream.answers["GetBalance"] = failure

    answer = await gateway.ask(BALANCE)

    told = problem(answer, status, failure.reason)
    assert told["detail"] == failure.message
    assert told.get("metadata", {}) == failure.metadata
    seconds = {2.2: "3", 0.4: "1", 30: "30"}
    assert answer.headers.get("retry-after") == seconds.get(failure.retry_after or 0)


async def test_a_services_violation_points_into_what_was_sent(
    gateway: Gateway, upstream: CannedUpstream
) -> None:
    upstream.answers["ImportOrder"] = AftercareError(
        Kind.INVALID_ARGUMENT, "BAD", "no", violations=(FieldViolation("order.lines[0].quantity", "no"),)
    )

    told = problem(await gateway.ask(ORDER), 400, "BAD")

    assert told["errors"] == [{"pointer": "/lines/0/quantity", "detail": "no"}]


@pytest.mark.parametrize("header", ["X-Tenant-Id", "Aftercare-Tenant", "tenant_id"])
async def test_the_tenant_comes_from_the_key_only(
    header: str, gateway: Gateway, upstream: CannedUpstream
) -> None:
    headers = gateway.headers(Audience.SHOP) | {header: "other"}

    assert (await gateway.client.get("/v1/members/id-1/balance", headers=headers)).status_code == 200
    assert upstream.last().ctx.tenant_id == "demo"


async def test_keys_of_two_credentials_never_meet(gateway: Gateway, upstream: CannedUpstream) -> None:
    for audience in (Audience.SHOP, Audience.AGENT):
        headers = gateway.headers(audience, Idempotency_Key="one")
        await gateway.client.post("/v1/returns/id-1:cancel", headers=headers)

    assert len({request.ctx.idempotency_key for _, request in upstream.asked}) == 2


async def test_the_person_behind_the_key_is_told(gateway: Gateway, upstream: CannedUpstream) -> None:
    told = {"Aftercare_Actor": "agent:7", "Aftercare_Reason": "GOODWILL", "Aftercare_Channel": "phone"}
    await gateway.ask(BY_ID["AdjustPoints"], headers=told)

    ctx = upstream.last().ctx
    assert (ctx.actor.id, ctx.reason_code, ctx.channel) == ("agent:7", "GOODWILL", "phone")
    for name, value in (
        ("Aftercare_Actor", "A Name"),
        ("Aftercare_Reason", "x" * 65),
        ("Aftercare_Channel", "x" * 33),
    ):
        problem(await gateway.ask(BALANCE, headers={name: value}), 400, "BAD_PARAMETER")


async def test_a_first_answer_is_not_marked_as_replayed(gateway: Gateway, upstream: CannedUpstream) -> None:
    upstream.answers["GetBalance"] = resources_pb2.Balance(version=12)

    answer = await gateway.ask(BALANCE)

    assert answer.headers["etag"] == '"12"'
    assert "idempotent-replayed" not in answer.headers


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("req-12345678", True),
        ("A.b_c-9" * 9, True),
        ("short", False),
        ("x" * 65, False),
        ("inject\tion-attempt", False),
        ("späßchen-12345", False),
        ("", False),
    ],
)
async def test_a_request_id_is_echoed_when_it_looks_like_one(sent: str, kept: bool, gateway: Gateway) -> None:  # noqa: FBT001 - a table
    headers = [(b"request-id", sent.encode())]
    for path in ("/healthz", "/v1/nothing", "/v1/members/x"):
        answer = await gateway.client.get(path, headers=headers)
        got = answer.headers["request-id"]
        assert (got == sent) is kept
        assert kept or len(got) == 32


async def test_bearer_is_a_word_in_any_case(gateway: Gateway) -> None:
    key = gateway.keys[Audience.SHOP]
    for header, status in ((f"bearer {key}", 200), (f"BEARER {key}", 200), (key, 401), (f"Basic {key}", 401)):
        answer = await gateway.client.get("/v1/members/x/balance", headers={"Authorization": header})
        assert answer.status_code == status
