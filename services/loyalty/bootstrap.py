"""The composition root: the only module that knows every room of this service.

Imports of grpc and of nameko stand inside the functions: `serve` must never load eventlet, `work` never grpc.
"""

import gc
from dataclasses import dataclass

import structlog

from services.chassis import processes, telemetry
from services.chassis.kernel.clock import Clock, SystemClock
from services.chassis.kernel.context import system_context
from services.chassis.kernel.coroutines import run_now
from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.ids import Ids, SortableIds
from services.chassis.mongo.client import Client, DatabaseHandle, connect_blocking
from services.chassis.mongo.outbox import Outbox
from services.chassis.mongo.requests import StoredAnswers
from services.chassis.mongo.unit_of_work import MongoUnitOfWork, Scope
from services.loyalty.adapters.event_payloads import payload_of
from services.loyalty.adapters.mongo.committing import Committer
from services.loyalty.adapters.mongo.desk import (
    AskOne,
    CommitOne,
    Desk,
    Reader,
    ask_directly,
    commit_directly,
)
from services.loyalty.adapters.mongo.ledger_reader import LedgerReader
from services.loyalty.adapters.mongo.programs import MongoPrograms
from services.loyalty.adapters.mongo.schema import SCHEMA
from services.loyalty.adapters.mongo.writing import Writer
from services.loyalty.application.ports import Ports
from services.loyalty.application.use_cases.create_program import CreateProgram, create_program
from services.loyalty.config import LoyaltySettings
from services.loyalty.domain.errors import IDEMPOTENCY_KEY_REUSED
from services.loyalty.domain.program import local_club

log = structlog.get_logger(__name__)


def serve() -> None:
    """Answer gRPC until SIGTERM; accepted calls are finished first."""
    from services.loyalty.entrypoints.grpc.services import grpc_services  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("loyalty", "serve", LoyaltySettings)

    _calm_the_collector()
    processes.serve(
        "loyalty",
        settings,
        database=settings.loyalty_database,
        listen=settings.loyalty_listen,
        services=lambda client: grpc_services(build_serve_ports(client, settings.loyalty_database)),
    )


def _calm_the_collector() -> None:
    """Requests make many objects and hardly a cycle: looking for cycles cost a tenth of all time.

    What was loaded until now is never looked at again, and young objects less often; the default is 700.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def work() -> None:
    """Handle events and sweep accounts until SIGTERM."""
    from services.loyalty.entrypoints.events.handlers import bound_to, timers  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("loyalty", "work", LoyaltySettings)
    client = connect_blocking(settings.mongodb_uri.get_secret_value())
    ports = build_work_ports(client, settings.loyalty_database)
    processes.work("loyalty", settings, bound_to(ports), timers(ports, settings.loyalty_sweep_seconds))


def relay() -> None:
    """Carry our outbox to the broker until SIGTERM."""
    settings = processes.start("loyalty", "relay", LoyaltySettings)
    processes.relay("loyalty", settings, settings.loyalty_database)


def migrate() -> None:
    """Create collections, indexes and queues; in local mode also a first programme."""
    from services.loyalty.entrypoints.events.handlers import SUBSCRIPTIONS  # noqa: PLC0415 - see the module's docstring

    settings = processes.start("loyalty", "migrate", LoyaltySettings)
    processes.migrate(
        "loyalty",
        settings,
        database=settings.loyalty_database,
        schema=SCHEMA,
        subscriptions=SUBSCRIPTIONS,
        first_data=lambda client: _create_local_program(settings, client),
    )


def _create_local_program(settings: LoyaltySettings, client: Client) -> None:
    if settings.aftercare_mode != "local":
        return
    ports = build_work_ports(client, settings.loyalty_database)
    program = local_club(settings.loyalty_local_tenant, settings.loyalty_local_program)
    ctx = system_context(program.tenant_id, "loyalty.migrate", f"local-{program.program_id}")
    try:
        run_now(create_program(ports, CreateProgram(ctx, program)))
    except AftercareError as error:
        if error.reason != "PROGRAM_EXISTS":
            raise


def build_serve_ports(
    client: Client, database_name: str, clock: Clock | None = None, ids: Ids | None = None
) -> Ports:
    """The ports of `serve`: concurrent commands share a commit, concurrent reads a query."""
    from services.loyalty.adapters.mongo.group_commit import GroupCommit  # noqa: PLC0415 - has an event loop

    parts = _build(client, database_name, clock, ids)
    commits, questions = GroupCommit(parts.committer.commit), GroupCommit(parts.reader.answer)
    return parts.ports(commits.submit, questions.submit)


def build_work_ports(
    client: Client, database_name: str, clock: Clock | None = None, ids: Ids | None = None
) -> Ports:
    """The ports of `work` and `migrate`: a batch of one, blocking."""
    parts = _build(client, database_name, clock, ids)
    return parts.ports(commit_directly(parts.committer), ask_directly(parts.reader))


@dataclass(frozen=True, slots=True)
class _Parts:
    """What both kinds of process share."""

    database: DatabaseHandle
    committer: Committer
    reader: Reader
    programs: MongoPrograms
    clock: Clock
    ids: Ids

    def ports(self, commit_one: CommitOne, ask_one: AskOne) -> Ports:
        desk = Desk(self.database, self.committer, commit_one, ask_one)
        return Ports(desk, self.programs, LedgerReader(self.database), self.clock, self.ids)


def _build(client: Client, database_name: str, clock: Clock | None, ids: Ids | None) -> _Parts:
    clock, ids = clock or SystemClock(), ids or SortableIds()
    database = client[database_name]
    outbox = Outbox("loyalty", payload_of, ids, telemetry.current_traceparent)
    answers = StoredAnswers(database, IDEMPOTENCY_KEY_REUSED)
    uow: MongoUnitOfWork[Scope] = MongoUnitOfWork(client, database, _scope, outbox, answers, clock)
    programs = MongoPrograms(database, uow)
    committer = Committer(database, Writer(client, database, outbox), programs, clock)
    return _Parts(database, committer, Reader(database, programs, clock), programs, clock, ids)


def _scope(scope: Scope) -> Scope:
    return scope
