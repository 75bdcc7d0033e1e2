"""The composition root: the only module that knows every room of the gateway.

Imports of grpc and of nameko stand inside the functions: `serve` must never load eventlet, `work` never grpc.
"""

import asyncio
import signal
from dataclasses import replace
from typing import NoReturn

import structlog

from services.chassis import processes, telemetry
from services.chassis.kernel.clock import SystemClock
from services.chassis.kernel.coroutines import run_now
from services.chassis.mongo.client import Client, connect, connect_blocking
from services.gateway.adapters.mongo.events import MongoEventFeed
from services.gateway.adapters.mongo.keys import MongoKeys
from services.gateway.adapters.mongo.schema import SCHEMA
from services.gateway.adapters.mongo.shared_commits import SharedCommits
from services.gateway.application.ports import Ports
from services.gateway.config import GatewaySettings
from services.gateway.domain.credentials import Credential, hashed

DRAIN_SECONDS = 10
log = structlog.get_logger()


def serve() -> None:
    """Answer HTTP until SIGTERM; requests in hand are finished first."""
    import uvloop  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("gateway", "serve", GatewaySettings)
    uvloop.run(_serve(settings))


async def _serve(settings: GatewaySettings) -> None:
    import uvicorn  # noqa: PLC0415 - see the module's docstring

    from services.chassis.http.ops import OpsServer  # noqa: PLC0415 - the same
    from services.gateway.adapters.upstreams.channels import open_upstreams  # noqa: PLC0415 - the same
    from services.gateway.adapters.upstreams.readiness import Readiness  # noqa: PLC0415 - the same
    from services.gateway.entrypoints.http.app import build  # noqa: PLC0415 - the same

    client = connect(settings.mongodb_uri.get_secret_value())
    database = client[settings.gateway_database]
    upstreams = open_upstreams(
        {
            "loyalty": settings.loyalty_address,
            "returns": settings.returns_address,
            "refunds": settings.refunds_address,
        }
    )

    readiness = Readiness(upstreams, database)
    app = build(_ports(settings, client), upstreams, readiness.known)
    if telemetry.enabled():
        from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor  # noqa: PLC0415 - only then

        FastAPIInstrumentor.instrument_app(app, exclude_spans=["receive", "send"])
    host, port = settings.gateway_listen.rsplit(":", 1)
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=int(port),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
            h11_max_incomplete_event_size=32 * 1024,
        )
    )
    watcher = asyncio.create_task(readiness.keep_looking())
    OpsServer.exposing(settings.ops_port)(
        lambda: server.started and not server.should_exit and not readiness.missing
    )
    # After its drain uvicorn raises the signal again, for whoever had it before; by default that is a death.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _leave)
    try:
        await server.serve()
    finally:
        watcher.cancel()
        await client.close()


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


def work() -> None:
    """Keep the event feed until SIGTERM."""
    from services.gateway.entrypoints.events.handlers import bound_to  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("gateway", "work", GatewaySettings)
    client = connect_blocking(settings.mongodb_uri.get_secret_value())
    feed = SharedCommits(MongoEventFeed(client, client[settings.gateway_database]))
    processes.work("gateway", settings, bound_to(replace(_ports(settings, client), events=feed)), ())


def relay() -> None:
    """The gateway tells nothing, so there is nothing to relay."""
    processes.start("gateway", "relay", GatewaySettings)
    log.info("the gateway publishes no events; this verb exists so that every service has the same four")


def migrate() -> None:
    """Create collections, indexes and queues; in local and test mode, register the development keys."""
    from services.gateway.entrypoints.events.handlers import SUBSCRIPTIONS  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("gateway", "migrate", GatewaySettings)
    processes.migrate(
        "gateway",
        settings,
        database=settings.gateway_database,
        schema=SCHEMA,
        subscriptions=SUBSCRIPTIONS,
        first_data=lambda client: _register_development_keys(settings, client),
    )


def _register_development_keys(settings: GatewaySettings, client: Client) -> None:
    if settings.aftercare_mode == "live":
        return
    keys = MongoKeys(client[settings.gateway_database])
    pepper = settings.gateway_key_pepper.get_secret_value()
    for name, dev in settings.gateway_dev_keys.items():
        credential = Credential(f"key_{name}", dev.tenant, dev.audience)
        run_now(keys.put(hashed(dev.key.get_secret_value(), pepper), credential, SystemClock().now()))


def _ports(settings: GatewaySettings, client: Client) -> Ports:
    database = client[settings.gateway_database]
    return Ports(
        keys=MongoKeys(database),
        events=MongoEventFeed(client, database),
        clock=SystemClock(),
        pepper=settings.gateway_key_pepper.get_secret_value(),
    )
