"""The one way in which what the provider says becomes true here: response, list, webhook and poller alike."""

from datetime import datetime

from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.money import Money
from services.refunds.application.ports import Ports, Transaction
from services.refunds.domain import recording
from services.refunds.domain.breaks import Alarm, OpenBreak
from services.refunds.domain.events import EXTERNAL_DETECTED, ExternalRefundDetected
from services.refunds.domain.leg import LOST, Leg, LegKind, LegState
from services.refunds.domain.payment import Payment, external_leg_id
from services.refunds.domain.provider import ProviderRefund


async def record(ports: Ports, tx: Transaction, refund: ProviderRefund, tenant_id: str) -> None:
    """Merge a refund into its leg, within the caller's commit.

    Leg, cap, journal entry, refund and events are written together, so there is nothing to drain later and
    no state in which money moved but is not booked: the embedded outbox of refunds.md 4.1 is not needed.
    A refund that is not ours is taken into the books of `tenant_id` (or of the tenant whose payment it is).
    """
    leg = await tx.legs.get(refund.leg_id) if refund.leg_id else None
    if leg is not None and recording.is_duplicate(leg, refund):
        await alarm(ports, tx, leg, Alarm.DUPLICATE_REFUND, refund.id)
        leg = None
    leg = leg or await tx.legs.get(external_leg_id(refund.id)) or await _adopt(ports, tx, refund, tenant_id)
    await _merge(ports, tx, leg, refund)


async def conclude(ports: Ports, tx: Transaction, leg: Leg, before: LegState) -> None:
    """Let a leg's new state act on its payment's cap and on its refund, within the caller's commit."""
    if leg.state is LegState.REJECTED:
        payment = await tx.payments.get(leg.tenant_id, leg.payment_id)
        if payment is not None:
            payment.release(leg.leg_id)
            await tx.payments.save(payment)
    if leg.refund_id and leg.state is not before:
        await _judge(tx, leg, before, ports.clock.now())


async def alarm(ports: Ports, tx: Transaction, leg: Leg, found: Alarm, provider_refund_id: str = "") -> None:
    """Keep a finding for a person."""
    refund_id = provider_refund_id or leg.provider_refund_id
    now = ports.clock.now()
    await tx.breaks.open(OpenBreak(leg.tenant_id, found, leg.leg_id, refund_id, leg.amount, now))


async def _merge(ports: Ports, tx: Transaction, leg: Leg, refund: ProviderRefund) -> None:
    payment = await tx.payments.get(leg.tenant_id, leg.payment_id) if leg.payment_id else None
    now = ports.clock.now()
    merged = recording.merge(leg, payment, refund, now)
    await tx.legs.save(leg)
    if merged is None:
        return
    ports.crash_point("inside_record")
    if payment is not None:
        await tx.payments.save(payment)
    if merged.entry is not None:
        await tx.journal.post(merged.entry)
    if merged.before is LegState.SUCCEEDED and leg.state in LOST:
        await alarm(ports, tx, leg, Alarm.REFUND_FAILED)
    if leg.refund_id:
        await _judge(tx, leg, merged.before, now)


async def _judge(tx: Transaction, leg: Leg, before: LegState, now: datetime) -> None:
    refund = await tx.refunds.get(leg.tenant_id, leg.refund_id)
    if refund is None:
        return
    refund.tell_leg(leg, before, now)
    legs = await tx.legs.of_refunds(leg.tenant_id, [leg.refund_id])
    refund.judge([leg if other.leg_id == leg.leg_id else other for other in legs], now)
    # Saved in any case: two legs that end at the same moment meet here, and the later one sees the earlier.
    await tx.refunds.save(refund)


async def _adopt(ports: Ports, tx: Transaction, refund: ProviderRefund, tenant_id: str) -> Leg:
    """Take a refund made in the provider's dashboard into the books, against suspense until explained."""
    payment = await tx.payments.by_provider_id(refund.provider_payment_id)
    leg = _external_leg(refund, payment, tenant_id, ports.clock.now())
    await tx.legs.add([leg])
    await alarm(ports, tx, leg, Alarm.EXTERNAL_REFUND, refund.id)
    data = ExternalRefundDetected(refund.id, refund.provider_payment_id, refund.amount)
    tx.record(DomainEvent(EXTERNAL_DETECTED, leg.tenant_id, leg.leg_id, 1, leg.created_at, data))
    return leg


def _external_leg(refund: ProviderRefund, payment: Payment | None, tenant_id: str, now: datetime) -> Leg:
    return Leg(
        tenant_id=payment.tenant_id if payment else tenant_id,
        leg_id=external_leg_id(refund.id),
        refund_id="",
        kind=LegKind.ORIGINAL_PAYMENT,
        payment_id=payment.payment_id if payment else "",
        provider_payment_id=refund.provider_payment_id,
        amount=Money(refund.amount.minor, refund.amount.currency),
        state=LegState.PENDING,
        created_at=now,
        provider_refund_id=refund.id,
    )
