"""The four processes of a service that speaks gRPC, so that its bootstrap says only what is its own.

Imports of grpc and of nameko stand inside the functions: `serve` must never load eventlet, `work` never grpc.
"""

import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import structlog

from services.chassis import logging, telemetry
from services.chassis.events.declarations import Subscription, Timer
from services.chassis.kernel.clock import SystemClock
from services.chassis.kernel.coroutines import run_now
from services.chassis.mongo.client import Client, connect, connect_blocking, plain
from services.chassis.mongo.migrations import Schema
from services.chassis.mongo.migrations import migrate as migrate_database
from services.chassis.settings import ServiceSettings, load

if TYPE_CHECKING:
    from services.chassis.grpc.server import Service

Settings = TypeVar("Settings", bound=ServiceSettings)
Verbs = dict[str, Callable[[], None]]

VERBS = ("serve", "work", "relay", "migrate")
EX_USAGE = 64

log = structlog.get_logger(__name__)


def main(service: str, arguments: Sequence[str], verbs: Callable[[], Verbs]) -> int:
    """Run the verb named on the command line; an unknown one prints the usage and gives 64.

    `verbs` imports the service's bootstrap, which may only be loaded once `work` has patched the process.
    """
    if len(arguments) != 1 or arguments[0] not in VERBS:
        sys.stderr.write(f"usage: python -m services.{service} {' | '.join(VERBS)}\n")
        return EX_USAGE
    verbs()[arguments[0]]()
    return 0


def start(service: str, verb: str, kind: type[Settings]) -> Settings:
    """Read the settings, then set up logs and traces. Ends the process where the settings are wrong."""
    settings = load(kind)
    logging.configure(service, verb, settings.log_level)
    telemetry.set_up(f"{service}-{verb}", settings.otel_exporter_otlp_endpoint)
    return settings


def serve(
    service: str,
    settings: ServiceSettings,
    *,
    database: str,
    listen: str,
    services: Callable[[Client], "Sequence[Service]"],
) -> None:
    """Answer gRPC until SIGTERM; accepted calls are finished first. Ready while the database answers."""
    from services.chassis.grpc import server  # noqa: PLC0415 - see the module's docstring
    from services.chassis.http.ops import OpsServer  # noqa: PLC0415 - the same
    from services.chassis.mongo.errors import as_aftercare_error  # noqa: PLC0415 - the same

    async def run() -> None:
        client = connect(settings.mongodb_uri.get_secret_value())
        seen = {"ready": False}

        async def ready() -> bool:
            seen["ready"] = False
            await client[database].command("ping")
            seen["ready"] = True
            return True

        OpsServer.exposing(settings.ops_port)(lambda: seen["ready"])
        await server.serve(
            services(client),
            listen,
            service_name=service,
            ready=ready,
            translate=as_aftercare_error,
            reflection=settings.aftercare_mode != "live",
        )
        await client.close()

    server.run(run())


def work(
    service: str, settings: ServiceSettings, subscriptions: Sequence[Subscription], timers: Sequence[Timer]
) -> None:
    """Handle events and do what the clock asks until SIGTERM."""
    from services.chassis.http.ops import OpsServer  # noqa: PLC0415 - see the module's docstring
    from services.chassis.nameko.runner import WorkerConfig, run_worker  # noqa: PLC0415 - the same

    config = WorkerConfig(settings.amqp_uri.get_secret_value())
    run_worker(service, subscriptions, timers, config, expose=OpsServer.exposing(settings.ops_port))


def relay(service: str, settings: ServiceSettings, database: str) -> None:
    """Carry the service's outbox to the broker until SIGTERM."""
    from services.chassis.events.relay import OutboxSource  # noqa: PLC0415 - see the module's docstring
    from services.chassis.events.relay_process import run_relay  # noqa: PLC0415 - the same
    from services.chassis.http.ops import OpsServer  # noqa: PLC0415 - the same

    source = OutboxSource(service, plain(settings.mongodb_uri.get_secret_value())[database])
    expose = OpsServer.exposing(settings.ops_port)
    run_relay([source], settings.amqp_uri.get_secret_value(), expose=expose)


def migrate(
    service: str,
    settings: ServiceSettings,
    *,
    database: str,
    schema: Schema,
    subscriptions: Sequence[Subscription],
    first_data: Callable[[Client], None] | None = None,
) -> None:
    """Create collections, indexes and queues, then what the service wants to be there from the start."""
    from services.chassis.events.topology import declare  # noqa: PLC0415 - see the module's docstring

    client = connect_blocking(settings.mongodb_uri.get_secret_value())
    for step in run_now(migrate_database(client[database], schema, SystemClock())):
        log.info("migrated", step=step)
    if first_data is not None:
        first_data(client)
    declare(settings.amqp_uri.get_secret_value(), service, subscriptions)
    run_now(client.close())
