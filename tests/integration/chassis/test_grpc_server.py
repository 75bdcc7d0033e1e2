import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from prometheus_client import REGISTRY

from aftercare.common.v1 import context_pb2
from aftercare.loyalty.v1 import account_service_pb2 as accounts_pb
from aftercare.loyalty.v1 import account_service_pb2_grpc, points_service_pb2_grpc
from aftercare.loyalty.v1 import points_service_pb2 as points_pb
from services.chassis.grpc import deadlines
from services.chassis.grpc.client import channel
from services.chassis.grpc.interceptors import Translator
from services.chassis.grpc.server import serve
from services.chassis.kernel.errors import AftercareError, Kind
from tests.integration.chassis.programs.grpc_program import Accounts, services

CTX = context_pb2.RequestContext(
    tenant_id="shop",
    idempotency_key="key-1",
    actor=context_pb2.Actor(type=context_pb2.Actor.TYPE_CUSTOMER, id="c"),
)


@dataclass
class Running:
    """A server in this process, with a client of ours and a bare one."""

    accounts: Accounts
    address: str
    ready: bool = True
    stubs: Any = None
    bare: Any = None
    link: Any = None
    raw: Any = None
    translated: list[BaseException] = field(default_factory=list)


def translate(seen: list[BaseException]) -> Translator:
    def known(error: BaseException) -> AftercareError | None:
        seen.append(error)
        if isinstance(error, LookupError):
            return AftercareError(Kind.ABORTED, "VERSION_CONFLICT", "ask again")
        return None

    return known


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    running = Running(Accounts(), "")
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ready() -> bool:
        return running.ready

    serving = asyncio.create_task(
        serve(
            services(running.accounts),
            "127.0.0.1:0",
            service_name="loyalty",
            ready=ready,
            drain_seconds=2,
            translate=translate(running.translated),
            reflection=True,
            on_listening=port.set_result,
        )
    )
    running.address = f"127.0.0.1:{await port}"
    async with channel(running.address) as link, grpc.aio.insecure_channel(running.address) as raw:
        running.link, running.raw = link, raw
        running.stubs = account_service_pb2_grpc.LoyaltyAccountServiceStub(link)
        running.bare = account_service_pb2_grpc.LoyaltyAccountServiceStub(raw)
        yield running
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


def balance_of(account: str) -> accounts_pb.GetBalanceRequest:
    return accounts_pb.GetBalanceRequest(ctx=CTX, account_id=account)


async def refusal(call: Awaitable[object]) -> AftercareError:
    with pytest.raises(AftercareError) as caught:
        await call
    return caught.value


async def test_an_error_arrives_as_it_was_raised(server: Running) -> None:
    error = await refusal(server.stubs.GetBalance(balance_of("missing-1")))
    assert (error.kind, error.reason, error.message) == (
        Kind.NOT_FOUND,
        "ACCOUNT_NOT_FOUND",
        "open it first",
    )
    assert error.metadata == {"id": "missing-1"}


async def test_what_is_unforeseen_arrives_without_its_text_and_is_logged_once(server: Running) -> None:
    with structlog.testing.capture_logs() as lines:
        # The method's logger is bound at its first call, which is this one.
        error = await refusal(server.stubs.GetBalance(balance_of("crash-1")))
    assert (error.kind, error.reason) == (Kind.INTERNAL, "INTERNAL")
    assert "hunter2" not in str(error)
    assert len(error.metadata["request_id"]) == 32
    assert [line["log_level"] for line in lines if line["event"] == "rpc failed unexpectedly"] == ["error"]


async def test_a_drivers_error_is_translated_and_its_text_stays(server: Running) -> None:
    error = await refusal(server.stubs.GetBalance(balance_of("driver-1")))
    assert (error.kind, error.reason, error.message) == (Kind.ABORTED, "VERSION_CONFLICT", "ask again")
    assert len(server.translated) == 1


async def test_a_bad_request_is_refused_before_the_servicer(server: Running) -> None:
    error = await refusal(server.stubs.GetBalance(balance_of("no spaces")))
    assert (error.kind, error.reason) == (Kind.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert [violation.field for violation in error.violations] == ["account_id"]
    assert not server.accounts.asked


async def test_an_unknown_field_is_refused(server: Running) -> None:
    request = balance_of("a")
    request.ctx.MergeFromString(b"\xf8\x3f\x01")
    error = await refusal(server.stubs.GetBalance(request))
    assert (error.reason, error.violations[0].field) == ("UNKNOWN_FIELD", "ctx.1023")


async def test_bytes_that_are_no_message_are_refused(server: Running) -> None:
    send = server.link.unary_unary("/aftercare.loyalty.v1.LoyaltyAccountService/GetBalance")
    assert (await refusal(send(b"\xff\xff\xff"))).reason == "MALFORMED_REQUEST"


async def test_a_mutation_without_a_key_is_refused(server: Running) -> None:
    request = accounts_pb.CreateAccountRequest(ctx=CTX, program_id="p", customer_id="c")
    assert len((await server.stubs.CreateAccount(request)).account_id) == 8
    request.ctx.idempotency_key = ""
    assert (await refusal(server.stubs.CreateAccount(request))).reason == "MISSING_IDEMPOTENCY_KEY"


def chunk(account: str) -> points_pb.BatchImportRequest:
    request = points_pb.BatchImportRequest(ctx=CTX, program_id="p")
    row = request.rows.add(account_id=account, customer_id="c")
    row.basket.order_id = "o"
    row.basket.place_time.seconds = 1
    line = row.basket.lines.add(line_id="1", sku="tea", quantity=1)
    line.net.minor, line.net.currency = 100, "EUR"
    return request


async def test_streamed_requests_are_validated_one_by_one(server: Running) -> None:
    stub = points_service_pb2_grpc.PointsServiceStub(server.link)
    assert (await stub.BatchImport(iter([chunk("a"), chunk("b")]))).rows == 2
    error = await refusal(stub.BatchImport(iter([chunk("a"), chunk("not good")])))
    assert (error.reason, error.metadata["message_index"]) == ("INVALID_REQUEST", "1")
    assert error.violations[0].field == "rows[0].account_id"


async def test_the_request_id_goes_in_and_comes_back(server: Running) -> None:
    call = server.bare.GetBalance(balance_of("who-1"), metadata=(("x-request-id", "req-42"),))
    assert (await call).available == 1
    assert dict(await call.trailing_metadata())["x-request-id"] == "req-42"


async def test_a_request_without_an_id_is_given_one_also_on_failure(server: Running) -> None:
    call = server.bare.GetBalance(balance_of("missing-1"))
    with pytest.raises(grpc.aio.AioRpcError):
        await call
    assert len(dict(await call.trailing_metadata())["x-request-id"]) == 32


async def test_the_clients_request_id_is_the_one_being_handled(server: Running) -> None:
    with structlog.contextvars.bound_contextvars(request_id="req-42"):
        assert (await server.stubs.GetBalance(balance_of("who-1"))).available == 1


async def test_the_deadline_reaches_the_database(server: Running) -> None:
    left = (await server.stubs.GetBalance(balance_of("left-1"), timeout=3)).available
    assert 2_000 < left < 3_100  # gRPC rounds a deadline up on its way


async def test_a_call_without_a_deadline_gets_the_default(
    server: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = (await server.bare.GetBalance(balance_of("left-1"))).available
    assert 29_000 < left <= 30_000
    monkeypatch.setattr(deadlines, "DEFAULT_SECONDS", 0.2)
    error = await refusal(server.stubs.GetBalance(balance_of("slow-1"), timeout=None))
    assert (error.kind, error.reason) == (Kind.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED")


async def test_a_call_ends_at_the_callers_deadline(server: Running) -> None:
    started = asyncio.get_running_loop().time()
    error = await refusal(server.stubs.GetBalance(balance_of("slow-2"), timeout=0.3))
    assert error.kind is Kind.DEADLINE_EXCEEDED
    assert asyncio.get_running_loop().time() - started < 1


async def test_unavailable_is_retried_until_it_works(server: Running) -> None:
    assert (await server.stubs.GetBalance(balance_of("flaky-1"))).available == 3


async def test_a_long_wait_is_left_to_the_caller(server: Running) -> None:
    error = await refusal(server.stubs.GetBalance(balance_of("closed-1")))
    assert (error.kind, error.reason, error.retry_after) == (Kind.UNAVAILABLE, "CARRIER_DOWN", 3600)
    assert server.accounts.asked["closed-1"] == 1


async def test_other_failures_are_not_retried(server: Running) -> None:
    await refusal(server.stubs.GetBalance(balance_of("missing-2")))
    await refusal(server.stubs.GetBalance(balance_of("driver-2")))
    assert server.accounts.asked["missing-2"] == server.accounts.asked["driver-2"] == 1


async def test_an_address_without_a_server_is_unavailable() -> None:
    async with channel("127.0.0.1:1") as link:
        stub: Any = account_service_pb2_grpc.LoyaltyAccountServiceStub(link)
        error = await refusal(stub.GetBalance(balance_of("a"), timeout=3))
    assert (error.kind, error.reason) == (Kind.UNAVAILABLE, "UNAVAILABLE")


async def test_health_follows_readiness(server: Running) -> None:
    stub: Any = health_pb2_grpc.HealthStub(server.raw)

    async def becomes(status: int, service: str) -> bool:
        async with asyncio.timeout(5):
            asked = health_pb2.HealthCheckRequest(service=service)
            async for answer in stub.Watch(asked):
                if answer.status == status:
                    return True
        return False

    assert await becomes(health_pb2.HealthCheckResponse.SERVING, "")
    server.ready = False
    assert await becomes(health_pb2.HealthCheckResponse.NOT_SERVING, "aftercare.loyalty.v1.PointsService")


async def test_reflection_lists_the_services(server: Running) -> None:
    stub: Any = reflection_pb2_grpc.ServerReflectionStub(server.raw)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    answers = [answer async for answer in stub.ServerReflectionInfo(iter([asked]))]
    names = {service.name for service in answers[0].list_services_response.service}
    assert {"aftercare.loyalty.v1.PointsService", "grpc.health.v1.Health"} <= names


async def test_calls_are_counted_by_method_and_code(server: Running) -> None:
    labels = {
        "service": "aftercare.loyalty.v1.LoyaltyAccountService",
        "method": "GetBalance",
        "code": "NOT_FOUND",
    }
    before = REGISTRY.get_sample_value("aftercare_rpc_seconds_count", labels) or 0
    await refusal(server.stubs.GetBalance(balance_of("missing-3")))
    assert REGISTRY.get_sample_value("aftercare_rpc_seconds_count", labels) == before + 1


async def test_a_taken_port_is_said_clearly(server: Running) -> None:
    async def ready() -> bool:
        return True

    with pytest.raises(RuntimeError, match=f"cannot listen on {server.address}: is the port taken"):
        await serve([], server.address, service_name="x", ready=ready)
