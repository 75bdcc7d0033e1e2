import subprocess
import sys
from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis import telemetry

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    telemetry.use(provider)
    yield exporter
    telemetry.use(None)


def test_off_it_does_nothing() -> None:
    assert not telemetry.set_up("loyalty-serve", None)
    with telemetry.continue_trace(PARENT, "handle"):
        assert telemetry.current_traceparent() == ""
        assert telemetry.current_trace_id() == ""


def test_an_event_continues_the_trace_of_its_request(spans: InMemorySpanExporter) -> None:
    with telemetry.continue_trace(PARENT, "returns.on_points_earned", handler="returns"):
        assert telemetry.current_trace_id() == TRACE
        assert telemetry.current_traceparent().startswith(f"00-{TRACE}-")
    (span,) = spans.get_finished_spans()
    assert span.name == "returns.on_points_earned"
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"


@pytest.mark.parametrize("traceparent", ["", "nonsense"])
def test_an_event_without_a_trace_starts_one(spans: InMemorySpanExporter, traceparent: str) -> None:
    with telemetry.continue_trace(traceparent, "handle"):
        assert len(telemetry.current_trace_id()) == 32


WORK = """
import eventlet
eventlet.monkey_patch()
import sys
from services.chassis import logging, metrics, settings, telemetry, wire
from services.chassis.http import ops
assert not [name for name in sys.modules if name.startswith("opentelemetry")], "loaded while off"
if len(sys.argv) > 1:
    assert telemetry.set_up("returns-work", sys.argv[1])
    with telemetry.continue_trace("", "handle"):
        assert telemetry.current_trace_id()
assert "grpc" not in sys.modules, "grpc in work"
"""


@pytest.mark.parametrize("endpoint", [[], ["http://127.0.0.1:9"]])
def test_work_loads_no_grpc_and_loads_tracing_only_when_it_is_on(endpoint: list[str]) -> None:
    subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-W", "ignore", "-c", WORK, *endpoint], check=True, timeout=60
    )
