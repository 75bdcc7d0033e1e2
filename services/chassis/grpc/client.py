"""A channel to another service: deadline, request id, safe retries, our errors."""

import json
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import grpc

from services.chassis import logging
from services.chassis.grpc.errors import from_rpc_error
from services.chassis.grpc.interceptors import REQUEST_ID_KEY
from services.chassis.grpc.tracing import client_interceptors

DEFAULT_SECONDS = 10.0

# UNAVAILABLE is retried for every RPC: reads change nothing, and mutations carry an idempotency key, so that
# asking twice has one effect. Nothing else is: other codes are answers, and a timeout has used up its time.
_SERVICE_CONFIG = {
    "methodConfig": [
        {
            "name": [{}],
            "retryPolicy": {
                "maxAttempts": 3,
                "initialBackoff": "0.1s",
                "maxBackoff": "1s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
    # A service that fails more than it answers is not helped by asking three times.
    "retryThrottling": {"maxTokens": 20, "tokenRatio": 0.2},
}
OPTIONS: tuple[tuple[str, int | str], ...] = (
    ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
    ("grpc.max_send_message_length", 8 * 1024 * 1024),
    ("grpc.max_metadata_size", 32 * 1024),
    ("grpc.absolute_max_metadata_size", 64 * 1024),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # A restarted service is found again within a second, not after gRPC's default of up to two minutes.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)

Result = TypeVar("Result")


def channel(
    address: str,
    *,
    credentials: grpc.ChannelCredentials | None = None,
    default_seconds: float = DEFAULT_SECONDS,
) -> grpc.aio.Channel:
    """A channel whose stubs raise AftercareError and always have a deadline.

    `address` is a gRPC target (`host:port`, `dns:///…`). A unary call without `timeout=` gets
    `default_seconds`; a streaming one gets none. The request id of the call being handled goes along, a new
    one otherwise. `await stub.Method(request)` gives the answer; the call object is not offered.
    """
    interceptors = client_interceptors()
    if credentials is None:
        inner = grpc.aio.insecure_channel(address, OPTIONS, interceptors=interceptors)
    else:
        inner = grpc.aio.secure_channel(address, credentials, OPTIONS, interceptors=interceptors)
    return _Channel(inner, default_seconds)


class _Channel(grpc.aio.Channel):
    """Wraps the calls themselves: gRPC's client interceptors cost a task more per call."""

    def __init__(self, inner: grpc.aio.Channel, default_seconds: float) -> None:
        self._inner = inner
        self._default_seconds = default_seconds

    def unary_unary(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - the generated stub types it
        return _calling(self._inner.unary_unary(*args, **options), self._default_seconds)

    def stream_unary(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - same
        return _calling(self._inner.stream_unary(*args, **options), None)

    def unary_stream(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - same
        return self._inner.unary_stream(*args, **options)

    def stream_stream(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - same
        return self._inner.stream_stream(*args, **options)

    async def close(self, grace: float | None = None) -> None:
        await self._inner.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:  # noqa: FBT001, FBT002 - gRPC's
        return self._inner.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        await self._inner.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        await self._inner.channel_ready()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()


def _calling(
    call: Callable[..., Awaitable[Result]], default_seconds: float | None
) -> Callable[..., Awaitable[Result]]:
    async def ask(
        request: Any,  # noqa: ANN401 - a message, or an iterator of them
        *,
        timeout: float | None = default_seconds,  # noqa: ASYNC109 - the name that gRPC's stubs have
        metadata: tuple[tuple[str, str], ...] = (),
        wait_for_ready: bool | None = None,
    ) -> Result:
        request_id = logging.request_id() or logging.new_request_id()
        try:
            return await call(
                request,
                timeout=timeout,
                metadata=((REQUEST_ID_KEY, request_id), *metadata),
                wait_for_ready=wait_for_ready,
            )
        except grpc.RpcError as error:
            raise from_rpc_error(error) from error

    return ask
