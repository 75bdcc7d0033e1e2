"""Take over many captured payments; a bad row never fails its neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.money import exponent
from services.refunds.application.ports import Ports, Transaction
from services.refunds.domain import errors
from services.refunds.domain.payment import Payment, take_over


@dataclass(slots=True)
class TakenOver:
    """What became of some rows: `payments` as known now, of them `imported` new; the rest was `refused`."""

    payments: list[Payment] = field(default_factory=list)
    imported: int = 0
    refused: list[AftercareError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ImportPayments:
    """A chunk of payments of one tenant."""

    payments: Sequence[Payment]


@dataclass(frozen=True, slots=True)
class Imported:
    """What a chunk did."""

    rows: int
    imported: int
    duplicates: int
    errors: int


async def import_payments(ports: Ports, command: ImportPayments) -> Imported:
    """Take over a chunk in one commit. It may be sent again: what is known counts as a duplicate."""
    taken = await ports.commit(lambda tx: _take_over(tx, command.payments))
    return Imported(
        rows=len(command.payments),
        imported=taken.imported,
        duplicates=len(taken.payments) - taken.imported,
        errors=len(taken.refused),
    )


async def take_over_all(ports: Ports, payments: Sequence[Payment]) -> list[Payment]:
    """Take over all in one commit or none. Raises what stands against the first that cannot be."""

    async def work(tx: Transaction) -> list[Payment]:
        taken = await _take_over(tx, payments)
        if taken.refused:
            raise taken.refused[0]
        return taken.payments

    return await ports.commit(work)


async def _take_over(tx: Transaction, payments: Sequence[Payment]) -> TakenOver:
    taken = TakenOver()
    rows = _checked(payments, taken)
    known = await tx.payments.known([payment for payment, _ in rows])
    tenant_id = payments[0].tenant_id
    orders = await tx.payments.currencies(tenant_id, sorted({p.order_id for p, _ in rows}))
    fresh: dict[str, Payment] = {}
    for payment, event in rows:
        stored = known.get(payment.payment_id) or fresh.get(payment.payment_id)
        error = _objection(payment, stored, orders)
        if error is not None:
            taken.refused.append(error)
            continue
        taken.payments.append(stored or payment)
        if stored is None:
            orders[payment.order_id] = payment.captured.currency
            fresh[payment.payment_id] = payment
            tx.record(event)
    await tx.payments.add(list(fresh.values()))
    taken.imported = len(fresh)
    return taken


def _checked(payments: Sequence[Payment], taken: TakenOver) -> list[tuple[Payment, DomainEvent]]:
    rows = []
    charges: dict[str, str] = {}
    for given in payments:
        payment = replace(given, legs={})  # the caller's stays as it is: this runs again after a race
        try:
            exponent(payment.captured.currency)
            event = take_over(payment)
            charge = payment.provider_payment_id or payment.payment_id
            if charges.setdefault(charge, payment.payment_id) != payment.payment_id:
                raise errors.duplicate_payment(payment.payment_id)
        except AftercareError as error:
            taken.refused.append(error)
        else:
            rows.append((payment, event))
    return rows


def _objection(payment: Payment, stored: Payment | None, orders: dict[str, str]) -> AftercareError | None:
    if stored is not None:
        return None if stored.same_as(payment) else errors.duplicate_payment(payment.payment_id)
    paid = orders.get(payment.order_id, payment.captured.currency)
    if paid != payment.captured.currency:
        return errors.currency_mismatch(payment.captured.currency, paid)
    return None
