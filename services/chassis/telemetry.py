"""OpenTelemetry traces, only where an OTLP endpoint is configured.

Nothing of OpenTelemetry is imported before `set_up` is called with an endpoint, so a process without one
pays nothing. No grpc here: spans leave by OTLP over HTTP, so `work` may use this module.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_provider: "TracerProvider | None" = None


def set_up(service_name: str, endpoint: str | None) -> bool:
    """Start exporting spans to `endpoint` (a base URL such as http://collector:4318); None leaves it off.

    Call it before the first MongoClient is made: pymongo's commands become spans from then on. Returns
    whether tracing is on.
    """
    if not endpoint:
        return False
    # Imported here so that a process without tracing never loads the SDK.
    from opentelemetry import trace  # noqa: PLC0415 - see above
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - same
    from opentelemetry.instrumentation.pymongo import PymongoInstrumentor  # noqa: PLC0415 - same
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource  # noqa: PLC0415 - same
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - same
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - same

    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service_name}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=5)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    PymongoInstrumentor().instrument(tracer_provider=provider)
    use(provider)
    return True


def use(provider: "TracerProvider | None") -> None:
    """Take spans from this provider; None turns tracing off. `set_up` calls it, and tests."""
    global _provider  # noqa: PLW0603 - tracing is one thing per process
    _provider = provider


def shut_down() -> None:
    """Send what is still waiting, within a few seconds, and turn tracing off."""
    if _provider is not None:
        _provider.shutdown()
        use(None)


def enabled() -> bool:
    """Whether spans are made."""
    return _provider is not None


def current_traceparent() -> str:
    """The W3C traceparent of the work being done; "" when tracing is off. Goes into event envelopes."""
    if _provider is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - loaded by set_up already
        TraceContextTextMapPropagator,
    )

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent", "")


def current_trace_id() -> str:
    """The trace id of the work being done, 32 hexadecimal digits; "" when there is none."""
    parts = current_traceparent().split("-") if _provider is not None else []
    return parts[1] if len(parts) == 4 else ""


@contextmanager
def continue_trace(traceparent: str, name: str, **attributes: Any) -> Iterator[None]:  # noqa: ANN401 - OTel's own
    """Do the work inside as span `name`, a child of the request whose traceparent an event carries."""
    if _provider is None:
        yield
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - loaded by set_up already
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - same
        TraceContextTextMapPropagator,
    )

    parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
    tracer = _provider.get_tracer("aftercare")
    with tracer.start_as_current_span(name, parent, SpanKind.CONSUMER, attributes):
        yield
