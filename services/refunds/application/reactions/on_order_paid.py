"""An order was paid: its payments can be refunded from now on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from services.chassis.kernel.money import Money
from services.chassis.kernel.unit_of_work import Inbox
from services.refunds.application.ports import Ports
from services.refunds.application.use_cases.import_payments import take_over_all
from services.refunds.domain.payment import Payment, Provider

HANDLER = "on_order_paid"


class TenderKind(StrEnum):
    """The means of payment."""

    CARD = "CARD"
    POINTS = "POINTS"
    EXTERNAL = "EXTERNAL"


@dataclass(frozen=True, slots=True)
class Tender:
    """One means and its share."""

    kind: TenderKind
    amount: Money
    reference: str


@dataclass(frozen=True, slots=True)
class OrderPaid:
    """The event, as far as it concerns us."""

    event_id: str
    tenant_id: str
    order_id: str
    tenders: Sequence[Tender]


async def on_order_paid(ports: Ports, event: OrderPaid) -> None:
    """Take over the order's money payments; points are the loyalty service's to give back.

    Raises DUPLICATE_PAYMENT or CURRENCY_MISMATCH when a payment is known with other figures: a person must
    look at that event. Raises AlreadyHandledError for a repeated event.
    """
    payments = [
        _payment(ports, event, number, tender)
        for number, tender in enumerate(event.tenders)
        if tender.kind is not TenderKind.POINTS and tender.amount.minor > 0
    ]
    if not payments:
        return
    inside = replace(ports, uow=ports.uow.within(Inbox(HANDLER, event.event_id)))
    await take_over_all(inside, payments)


def _payment(ports: Ports, event: OrderPaid, number: int, tender: Tender) -> Payment:
    # A card payment whose PaymentIntent nobody told us can only be given back by hand.
    by_card = tender.kind is TenderKind.CARD and tender.reference
    return Payment(
        tenant_id=event.tenant_id,
        payment_id="",
        order_id=event.order_id,
        provider=Provider.STRIPE if by_card else Provider.EXTERNAL,
        provider_payment_id=tender.reference,
        captured=tender.amount,
        imported_at=ports.clock.now(),
        ordinal=number,
    )
