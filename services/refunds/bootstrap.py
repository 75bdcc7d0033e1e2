"""The composition root: the only module that knows every room of this service.

Imports of grpc and of nameko stand inside the functions: `serve` must never load eventlet, `work` never grpc.
"""

import asyncio
import random

import structlog

from services.chassis import logging, telemetry
from services.chassis.kernel.clock import Clock, SystemClock
from services.chassis.kernel.coroutines import Offload, call_directly, run_now
from services.chassis.kernel.ids import Ids, SortableIds
from services.chassis.mongo.client import Client, connect, connect_blocking, plain
from services.chassis.mongo.leases import new_owner
from services.chassis.mongo.migrations import migrate as migrate_database
from services.chassis.mongo.outbox import Outbox
from services.chassis.mongo.requests import StoredAnswers
from services.chassis.mongo.unit_of_work import MongoUnitOfWork
from services.chassis.settings import load
from services.refunds.adapters.crash import crash_points
from services.refunds.adapters.event_payloads import payload_of
from services.refunds.adapters.mongo.schema import SCHEMA
from services.refunds.adapters.mongo.transaction import MongoTransaction
from services.refunds.adapters.stripe.client import build_client
from services.refunds.adapters.stripe.gateway import StripeGateway
from services.refunds.adapters.stripe.webhooks import StripeWebhooks
from services.refunds.adapters.turns import AsyncioTurns, NoTurns
from services.refunds.application.ports import Ports, Transaction
from services.refunds.config import RefundsSettings
from services.refunds.domain.errors import REQUEST_ID_REUSED

READINESS_SECONDS = 1.0
log = structlog.get_logger(__name__)


def serve() -> None:
    """Answer gRPC until SIGTERM; accepted calls are finished first."""
    from services.chassis.grpc import server  # noqa: PLC0415 - see the module's docstring

    settings = _start("serve")
    server.run(_serve(settings))


async def _serve(settings: RefundsSettings) -> None:
    from services.chassis.grpc import server  # noqa: PLC0415 - see the module's docstring
    from services.chassis.http.ops import OpsServer  # noqa: PLC0415 - the same
    from services.chassis.mongo.errors import as_aftercare_error  # noqa: PLC0415 - the same
    from services.refunds.entrypoints.grpc.services import grpc_services  # noqa: PLC0415 - the same

    client = connect(settings.mongodb_uri.get_secret_value())
    seen = {"ready": False}

    async def ready() -> bool:
        try:
            await client[settings.refunds_database].command("ping")
        except Exception:
            seen["ready"] = False
            raise
        seen["ready"] = True
        return True

    OpsServer.exposing(settings.ops_port)(lambda: seen["ready"])
    await server.serve(
        grpc_services(build_ports(settings, client, asyncio.to_thread)),
        settings.refunds_listen,
        service_name="refunds",
        ready=ready,
        translate=as_aftercare_error,
        reflection=settings.aftercare_mode != "live",
    )
    await client.close()


def work() -> None:
    """Handle events, send refunds and act on webhooks until SIGTERM."""
    from services.chassis.http.ops import OpsServer  # noqa: PLC0415 - see the module's docstring
    from services.chassis.nameko.runner import WorkerConfig, run_worker  # noqa: PLC0415 - the same
    from services.refunds.entrypoints.events.handlers import bound_to, timers  # noqa: PLC0415 - the same

    settings = _start("work")
    client = connect_blocking(settings.mongodb_uri.get_secret_value())
    ports = build_ports(settings, client, call_directly)
    config = WorkerConfig(settings.amqp_uri.get_secret_value())
    expose = OpsServer.exposing(settings.ops_port)
    run_worker("refunds", bound_to(ports), timers(ports), config, expose=expose)


def relay() -> None:
    """Carry our outbox to the broker until SIGTERM."""
    from services.chassis.events.relay import OutboxSource  # noqa: PLC0415 - see the module's docstring
    from services.chassis.events.relay_process import run_relay  # noqa: PLC0415 - the same
    from services.chassis.http.ops import OpsServer  # noqa: PLC0415 - the same

    settings = _start("relay")
    database = plain(settings.mongodb_uri.get_secret_value())[settings.refunds_database]
    run_relay(
        [OutboxSource("refunds", database)],
        settings.amqp_uri.get_secret_value(),
        expose=OpsServer.exposing(settings.ops_port),
    )


def migrate() -> None:
    """Create collections, indexes and queues."""
    from services.chassis.events.topology import declare  # noqa: PLC0415 - see the module's docstring
    from services.refunds.entrypoints.events.handlers import SUBSCRIPTIONS  # noqa: PLC0415 - the same

    settings = _start("migrate")
    client = connect_blocking(settings.mongodb_uri.get_secret_value())
    for step in run_now(migrate_database(client[settings.refunds_database], SCHEMA, SystemClock())):
        log.info("migrated", step=step)
    declare(settings.amqp_uri.get_secret_value(), "refunds", SUBSCRIPTIONS)
    run_now(client.close())


def build_ports(
    settings: RefundsSettings,
    client: Client,
    offload: Offload,
    clock: Clock | None = None,
    ids: Ids | None = None,
) -> Ports:
    """The ports of `serve` (asyncio client, threads) or of `work` (blocking client, direct calls)."""
    clock, ids = clock or SystemClock(), ids or SortableIds()
    database = client[settings.refunds_database]
    uow: MongoUnitOfWork[Transaction] = MongoUnitOfWork(
        client,
        database,
        MongoTransaction,
        Outbox("refunds", payload_of, ids, telemetry.current_traceparent),
        StoredAnswers(database, REQUEST_ID_REUSED),
        clock,
    )
    stripe_client = build_client(settings.stripe_api_key.get_secret_value(), settings.stripe_api_base)
    return Ports(
        uow=uow,
        clock=clock,
        ids=ids,
        offload=offload,
        provider=StripeGateway(stripe_client, settings.stripe_account, livemode=settings.livemode),
        webhooks=StripeWebhooks(settings.webhook_secrets),
        # Direct calls mean `work`, which has no event loop to wait in.
        turns=NoTurns() if offload is call_directly else AsyncioTurns(),
        owner=new_owner(),
        jitter=random.random,
        crash_point=crash_points(settings.aftercare_mode, settings.refund_crash_at),
    )


def _start(verb: str) -> RefundsSettings:
    settings = load(RefundsSettings)
    logging.configure("refunds", verb, settings.log_level)
    telemetry.set_up(f"refunds-{verb}", settings.otel_exporter_otlp_endpoint)
    return settings
