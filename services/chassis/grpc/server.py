"""A gRPC server on asyncio that starts when it can serve and stops without losing an accepted call."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
import structlog
import uvloop
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection as grpc_reflection

from services.chassis.grpc.interceptors import CallInterceptor, Translator
from services.chassis.grpc.tracing import server_interceptors
from services.chassis.kernel.errors import AftercareError

OPTIONS: tuple[tuple[str, int], ...] = (
    # An import's chunk of 1,000 rows is about 300 kB; more than this is a mistake.
    ("grpc.max_receive_message_length", 8 * 1024 * 1024),
    ("grpc.max_send_message_length", 8 * 1024 * 1024),
    # Room for a BadRequest in the trailers.
    ("grpc.max_metadata_size", 32 * 1024),
    ("grpc.absolute_max_metadata_size", 64 * 1024),
    # Notice peers that vanished without a word, and allow clients to do the same.
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 0),
    # Two processes on one port would share its calls silently.
    ("grpc.so_reuseport", 0),
)
_READY_INTERVAL = 1.0
# A call that the kernel has accepted may reach a handler a moment after the listener closed.
_IDLE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Service:
    """One proto service: its full name, its generated `add_…_to_server` and our servicer."""

    name: str
    add: Callable[[Any, grpc.aio.Server], None]
    servicer: object


def nothing_to_translate(_error: BaseException) -> AftercareError | None:
    """The translator of a server whose servicers raise nothing foreign."""
    return None


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a process's main coroutine on uvloop."""
    uvloop.run(main)


async def serve(  # noqa: PLR0913 - the settings of a server, all by name
    services: Sequence[Service],
    listen: str,
    *,
    service_name: str,
    ready: Callable[[], Awaitable[bool]],
    drain_seconds: float = 10.0,
    translate: Translator = nothing_to_translate,
    reflection: bool = False,
    credentials: grpc.ServerCredentials | None = None,
    on_listening: Callable[[int], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return.

    `listen` is `host:port`; port 0 takes a free one, told to `on_listening`. Health says SERVING only while
    `ready()` does, asked every second. On the signal: health NOT_SERVING, nothing new is accepted, accepted
    calls have `drain_seconds` to finish; a second signal cuts that short. `reflection` is for local and test
    modes. Raises RuntimeError when it cannot listen.
    """
    log = structlog.get_logger()
    guard = CallInterceptor(service_name, translate)
    server = grpc.aio.server(interceptors=[*server_interceptors(), guard], options=OPTIONS)
    checks = await _add_services(server, services, reflection=reflection)
    port = _bind(server, listen, credentials)
    first, second = _signals()
    await server.start()
    log.info("listening", listen=listen, port=port)
    if on_listening is not None:
        on_listening(port)
    watcher = asyncio.create_task(_watch_readiness(checks, [service.name for service in services], ready))
    try:
        await first.wait()
    finally:  # a cancelled server drains as well
        log.info("draining", calls=guard.active, seconds=drain_seconds)
        watcher.cancel()
        await checks.enter_graceful_shutdown()
        await _drain(server, guard, drain_seconds, second)
        log.info("stopped")


async def _add_services(
    server: grpc.aio.Server, services: Sequence[Service], *, reflection: bool
) -> health.aio.HealthServicer:
    names = [service.name for service in services]
    for service in services:
        service.add(service.servicer, server)
    checks = health.aio.HealthServicer()
    await _set_health(checks, names, serving=False)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    if reflection:
        grpc_reflection.enable_server_reflection(
            (*names, health.SERVICE_NAME, grpc_reflection.SERVICE_NAME), server
        )
    return checks


def _bind(server: grpc.aio.Server, listen: str, credentials: grpc.ServerCredentials | None) -> int:
    try:
        if credentials is None:
            return server.add_insecure_port(listen)
        return server.add_secure_port(listen, credentials)
    except RuntimeError as error:
        raise RuntimeError(
            f"cannot listen on {listen}: is the port taken, or the address not ours?"
        ) from error


def _signals() -> tuple[asyncio.Event, asyncio.Event]:
    first, second = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        (second if first.is_set() else first).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, on_signal)
    return first, second


async def _watch_readiness(
    checks: health.aio.HealthServicer, names: Sequence[str], ready: Callable[[], Awaitable[bool]]
) -> None:
    serving = False
    while True:
        try:
            now = await ready()
        except Exception as error:  # noqa: BLE001 - a check that fails is an answer: not ready
            structlog.get_logger().warning("readiness check failed", cause=repr(error))
            now = False
        if now != serving:
            serving = now
            structlog.get_logger().info("ready" if serving else "not ready")
            await _set_health(checks, names, serving=serving)
        await asyncio.sleep(_READY_INTERVAL)


async def _set_health(checks: health.aio.HealthServicer, names: Sequence[str], *, serving: bool) -> None:
    status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
    for name in ("", *names):
        await checks.set(name, status)


async def _drain(
    server: grpc.aio.Server, guard: CallInterceptor, seconds: float, hurry: asyncio.Event
) -> None:
    stopping = asyncio.create_task(server.stop(seconds))
    idle = asyncio.create_task(_idle(guard))
    hurried = asyncio.create_task(hurry.wait())
    # Health watchers never hang up, so "no call of ours is left" also ends the wait.
    await asyncio.wait((stopping, idle, hurried), return_when=asyncio.FIRST_COMPLETED)
    for task in (idle, hurried):
        task.cancel()
    await server.stop(None)
    await stopping


async def _idle(guard: CallInterceptor) -> None:
    quiet = 0.0
    while quiet < _IDLE_SECONDS:
        await asyncio.sleep(_IDLE_SECONDS / 10)
        quiet = 0.0 if guard.active else quiet + _IDLE_SECONDS / 10
