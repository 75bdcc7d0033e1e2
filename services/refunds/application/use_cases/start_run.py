"""Compare a period of our books with the provider's and keep the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.money import Money
from services.refunds.application.ports import Ports, Transaction
from services.refunds.application.ports.transaction import Run
from services.refunds.domain import errors
from services.refunds.domain.journal import Entry
from services.refunds.domain.leg import Leg, LegState
from services.refunds.domain.provider import ProviderMovement, ProviderRefund, ProviderTroubleError
from services.refunds.domain.reconciliation import Books, KnownLeg, LedgerRow, Period, reconcile

_IN_FLIGHT = frozenset({LegState.PENDING, LegState.REQUIRES_ACTION})


@dataclass(frozen=True, slots=True)
class StartRun:
    """From inclusive, to exclusive."""

    ctx: RequestContext
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class StartedRun:
    """What is stored as the answer."""

    run_id: str


async def start_run(ports: Ports, command: StartRun) -> Run:
    """The comparison; the same request again gives the stored one. Raises BAD_PERIOD, PSP_DOWN."""
    if not command.ctx.idempotency_key:
        raise errors.key_required()
    if command.from_at >= command.to_at:
        raise errors.bad_period()
    now = ports.clock.now()
    period = Period(command.from_at, command.to_at, now)
    books = await _read_books(ports, command.ctx.tenant_id, period)
    run_id, statements = ports.ids.new("rec"), reconcile(books, period)
    run = Run(command.ctx.tenant_id, run_id, command.from_at, command.to_at, now, statements)

    async def work(tx: Transaction) -> StartedRun:
        await tx.runs.add(run)
        return StartedRun(run_id)

    answer = await ports.uow.once("StartRun", command.ctx, StartedRun, work)
    stored = await ports.uow.read(lambda tx: tx.runs.get(command.ctx.tenant_id, answer.value.run_id))
    if stored is None:
        raise errors.run_not_found(answer.value.run_id)
    return stored


async def _read_books(ports: Ports, tenant_id: str, period: Period) -> Books:
    try:
        movements = await ports.offload(ports.provider.list_movements, period.scan_from, period.scan_to)
        entries = await ports.uow.read(
            lambda tx: tx.journal.clearing(tenant_id, period.scan_from, period.scan_to)
        )
        legs = await _legs(ports, entries, movements)
        strangers = await _strangers(ports, movements, legs)
    except ProviderTroubleError as error:
        raise errors.psp_down(error.message) from error
    return await _own_side(ports, tenant_id, entries, movements, legs, strangers)


async def _legs(ports: Ports, entries: Sequence[Entry], movements: Sequence[ProviderMovement]) -> list[Leg]:
    """The legs that either side names (R1)."""

    async def query(tx: Transaction) -> list[Leg]:
        booked = await tx.legs.some(sorted({entry.leg_id for entry in entries}))
        moved = await tx.legs.by_provider_refunds(sorted({move.refund_id for move in movements}))
        return list({leg.leg_id: leg for leg in [*booked, *moved]}.values())

    return await ports.uow.read(query)


async def _strangers(
    ports: Ports, movements: Sequence[ProviderMovement], legs: Sequence[Leg]
) -> list[ProviderRefund]:
    """Refunds that moved money and that no leg names: read one by one, for there are few."""
    named = {leg.provider_refund_id for leg in legs}
    unknown = sorted({move.refund_id for move in movements} - named)
    return [await ports.offload(ports.provider.get_refund, refund_id) for refund_id in unknown]


async def _own_side(
    ports: Ports,
    tenant_id: str,
    entries: Sequence[Entry],
    movements: Sequence[ProviderMovement],
    legs: Sequence[Leg],
    strangers: Sequence[ProviderRefund],
) -> Books:
    """What belongs to the tenant: several shops may share the provider's account. R2 finds legs by metadata.

    A refund of a payment that nobody knows is shown to every tenant: better twice than never.
    """

    async def query(tx: Transaction) -> tuple[list[Leg], set[str]]:
        meant = await tx.legs.some(sorted({r.leg_id for r in strangers if r.leg_id}))
        foreign = set()
        for refund in strangers:
            payment = await tx.payments.by_provider_id(refund.provider_payment_id)
            if payment is not None and payment.tenant_id != tenant_id:
                foreign.add(refund.id)
        return meant, foreign

    meant, foreign = await ports.uow.read(query)
    everyone = {leg.leg_id: leg for leg in [*legs, *meant]}.values()
    foreign |= {leg.provider_refund_id for leg in everyone if leg.tenant_id != tenant_id}
    return Books(
        ledger=[
            LedgerRow(e.leg_id, Money(e.out_of_clearing, e.amount.currency), e.booked_at) for e in entries
        ],
        movements=[move for move in movements if move.refund_id not in foreign],
        legs=[
            KnownLeg(
                leg.leg_id,
                leg.provider_refund_id,
                succeeded=leg.state is LegState.SUCCEEDED,
                in_flight=leg.state in _IN_FLIGHT,
            )
            for leg in everyone
            if leg.tenant_id == tenant_id
        ],
        leg_of={refund.id: refund.leg_id for refund in strangers if refund.leg_id},
    )
