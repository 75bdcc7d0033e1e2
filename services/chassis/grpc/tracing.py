"""OpenTelemetry's own grpc interceptors, where tracing is on; none otherwise."""

import grpc

from services.chassis import telemetry


def server_interceptors() -> list[grpc.aio.ServerInterceptor]:
    """A span around each RPC that is served, a child of the caller's."""
    if not telemetry.enabled():
        return []
    from opentelemetry.instrumentation.grpc import aio_server_interceptor  # noqa: PLC0415 - only when tracing

    return [aio_server_interceptor()]  # type: ignore[no-untyped-call] # it has no types


def client_interceptors() -> list[grpc.aio.ClientInterceptor]:
    """A span around each RPC that is called; they send the traceparent along."""
    if not telemetry.enabled():
        return []
    from opentelemetry.instrumentation.grpc import aio_client_interceptors  # noqa: PLC0415 - only when tracing

    return list(aio_client_interceptors())  # type: ignore[no-untyped-call] # it has no types
