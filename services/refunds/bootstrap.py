"""The composition root: the only module that knows every room of this service.

Imports of grpc and of nameko stand inside the functions: `serve` must never load eventlet, `work` never grpc.
"""

import asyncio
import random

import structlog

from services.chassis import processes, telemetry
from services.chassis.kernel.clock import Clock, SystemClock
from services.chassis.kernel.coroutines import Offload, call_directly
from services.chassis.kernel.ids import Ids, SortableIds
from services.chassis.mongo.client import Client, connect_blocking
from services.chassis.mongo.leases import new_owner
from services.chassis.mongo.outbox import Outbox
from services.chassis.mongo.requests import StoredAnswers
from services.chassis.mongo.unit_of_work import MongoUnitOfWork
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
    from services.refunds.entrypoints.grpc.services import grpc_services  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("refunds", "serve", RefundsSettings)
    processes.serve(
        "refunds",
        settings,
        database=settings.refunds_database,
        listen=settings.refunds_listen,
        services=lambda client: grpc_services(build_ports(settings, client, asyncio.to_thread)),
    )


def work() -> None:
    """Handle events, send refunds and act on webhooks until SIGTERM."""
    from services.refunds.entrypoints.events.handlers import bound_to, timers  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("refunds", "work", RefundsSettings)
    client = connect_blocking(settings.mongodb_uri.get_secret_value())
    ports = build_ports(settings, client, call_directly)
    processes.work("refunds", settings, bound_to(ports), timers(ports))


def relay() -> None:
    """Carry our outbox to the broker until SIGTERM."""
    settings = processes.start("refunds", "relay", RefundsSettings)
    processes.relay("refunds", settings, settings.refunds_database)


def migrate() -> None:
    """Create collections, indexes and queues."""
    from services.refunds.entrypoints.events.handlers import SUBSCRIPTIONS  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("refunds", "migrate", RefundsSettings)
    processes.migrate(
        "refunds",
        settings,
        database=settings.refunds_database,
        schema=SCHEMA,
        subscriptions=SUBSCRIPTIONS,
    )


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
