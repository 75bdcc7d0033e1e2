from collections.abc import AsyncIterator, Iterator
from typing import Any

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aftercare.common.v1 import context_pb2
from aftercare.loyalty.v1 import account_service_pb2_grpc
from aftercare.loyalty.v1.account_service_pb2 import GetBalanceRequest
from services.chassis import telemetry
from services.chassis.grpc.client import channel
from services.chassis.grpc.interceptors import CallInterceptor
from services.chassis.grpc.tracing import server_interceptors
from services.chassis.kernel.errors import AftercareError
from tests.integration.chassis.programs.grpc_program import Accounts


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    # OpenTelemetry takes a global provider once per process; a test must be able to take it back.
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", provider)
    telemetry.use(provider)
    yield exporter
    telemetry.use(None)


@pytest.fixture
async def stub(spans: InMemorySpanExporter) -> AsyncIterator[Any]:
    guard = CallInterceptor("loyalty", lambda _error: None)
    server = grpc.aio.server(interceptors=[*server_interceptors(), guard])
    account_service_pb2_grpc.add_LoyaltyAccountServiceServicer_to_server(Accounts(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with channel(f"127.0.0.1:{port}") as link:
        yield account_service_pb2_grpc.LoyaltyAccountServiceStub(link)
    await server.stop(None)


def balance_of(account: str) -> GetBalanceRequest:
    request = GetBalanceRequest(account_id=account)
    request.ctx.tenant_id = "shop"
    request.ctx.actor.type, request.ctx.actor.id = context_pb2.Actor.TYPE_SYSTEM, "test"
    return request


async def test_one_trace_goes_from_client_to_server(stub: Any, spans: InMemorySpanExporter) -> None:
    with telemetry.continue_trace("", "whole"):
        await stub.GetBalance(balance_of("a"))
    finished = spans.get_finished_spans()
    assert sorted(span.kind.name for span in finished) == ["CLIENT", "CONSUMER", "SERVER"]
    assert len({span.context.trace_id for span in finished if span.context}) == 1


async def test_errors_cross_unchanged_while_tracing(stub: Any, spans: InMemorySpanExporter) -> None:
    with pytest.raises(AftercareError) as caught:
        await stub.GetBalance(balance_of("missing-1"))
    assert (caught.value.reason, dict(caught.value.metadata)) == ("ACCOUNT_NOT_FOUND", {"id": "missing-1"})
    with pytest.raises(AftercareError) as caught:
        await stub.GetBalance(balance_of("crash-1"))
    assert "hunter2" not in str(caught.value)
