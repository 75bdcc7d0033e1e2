"""The composition root: the only module that knows every room of this service.

Imports of grpc and of nameko stand inside the functions: `serve` must never load eventlet, `work` never grpc.
"""

import asyncio
from datetime import timedelta

import structlog

from services.chassis import processes, telemetry
from services.chassis.kernel.clock import Clock, SystemClock
from services.chassis.kernel.coroutines import Offload, call_directly
from services.chassis.kernel.ids import Ids, SortableIds
from services.chassis.mongo.client import Client, DatabaseHandle, connect_blocking
from services.chassis.mongo.outbox import Outbox
from services.chassis.mongo.requests import StoredAnswers
from services.chassis.mongo.unit_of_work import MongoUnitOfWork
from services.returns.adapters.couriers.registry import build_carrier
from services.returns.adapters.couriers.settings import CarrierSettings
from services.returns.adapters.event_payloads import payload_of
from services.returns.adapters.mongo.order_history import MongoOrderHistory
from services.returns.adapters.mongo.rma_numbers import MongoRmaNumbers
from services.returns.adapters.mongo.schema import SCHEMA
from services.returns.adapters.mongo.transaction import MongoReturnsTransaction
from services.returns.application.ports import Depot, Ports
from services.returns.application.ports.carrier_gateway import CarrierGateway
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.config import ReturnsSettings
from services.returns.domain.carriage import Address, Parcel
from services.returns.domain.errors import IDEMPOTENCY_CONFLICT
from services.returns.domain.quoting.policy import Policy

CARRIER = "kurier"
# A box that most returns fit into; nobody weighs at the customer's door.
PARCEL = Parcel(weight_grams=2_000, length_mm=300, width_mm=200, height_mm=150)
log = structlog.get_logger(__name__)


def serve() -> None:
    """Answer gRPC until SIGTERM; accepted calls are finished first."""
    from services.returns.entrypoints.grpc.services import grpc_services  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("returns", "serve", ReturnsSettings)
    processes.serve(
        "returns",
        settings,
        database=settings.returns_database,
        listen=settings.returns_listen,
        services=lambda client: grpc_services(build_ports(settings, client, asyncio.to_thread)),
    )


def work() -> None:
    """Handle events and look after pickups until SIGTERM."""
    from services.returns.entrypoints.events.handlers import bound_to, timers  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("returns", "work", ReturnsSettings)
    client = connect_blocking(settings.mongodb_uri.get_secret_value())
    ports = build_ports(settings, client, call_directly)
    processes.work("returns", settings, bound_to(ports), timers(ports))


def relay() -> None:
    """Carry our outbox to the broker until SIGTERM."""
    settings = processes.start("returns", "relay", ReturnsSettings)
    processes.relay("returns", settings, settings.returns_database)


def migrate() -> None:
    """Create collections, indexes and queues."""
    from services.returns.entrypoints.events.handlers import SUBSCRIPTIONS  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("returns", "migrate", ReturnsSettings)
    processes.migrate(
        "returns",
        settings,
        database=settings.returns_database,
        schema=SCHEMA,
        subscriptions=SUBSCRIPTIONS,
    )


def build_ports(
    settings: ReturnsSettings,
    client: Client,
    offload: Offload,
    clock: Clock | None = None,
    carrier: CarrierGateway | None = None,
) -> Ports:
    """The ports of `serve` (asyncio client, threads) or of `work` (blocking client, direct calls)."""
    clock = clock or SystemClock()
    ids = SortableIds()
    database = client[settings.returns_database]
    return Ports(
        uow=_unit_of_work(client, database, ids, clock),
        clock=clock,
        ids=ids,
        offload=offload,
        history=MongoOrderHistory(database),
        rma_numbers=MongoRmaNumbers(database),
        carriers={CARRIER: carrier or build_carrier(CARRIER, _courier(settings), clock)},
        carrier=CARRIER,
        depot=Depot(Address(**settings.returns_depot.model_dump()), PARCEL),
        policy=Policy(
            window=timedelta(days=settings.returns_window_days), label_fees=settings.returns_label_fees
        ),
        quote_secrets=tuple(secret.encode() for secret in settings.quote_secrets),
    )


def _unit_of_work(
    client: Client, database: DatabaseHandle, ids: Ids, clock: Clock
) -> MongoUnitOfWork[ReturnsTransaction]:
    return MongoUnitOfWork(
        client,
        database,
        MongoReturnsTransaction,
        Outbox("returns", payload_of, ids, telemetry.current_traceparent),
        StoredAnswers(database, IDEMPOTENCY_CONFLICT),
        clock,
    )


def _courier(settings: ReturnsSettings) -> CarrierSettings:
    return CarrierSettings(
        base_url=settings.courier_base_url,
        api_key=settings.courier_api_key.get_secret_value(),
        webhook_secrets=tuple(settings.webhook_secrets),
    )
