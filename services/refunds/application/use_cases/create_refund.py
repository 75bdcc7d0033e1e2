"""Owe money and have it sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.money import Money
from services.refunds.application.ports import Ports, Transaction
from services.refunds.domain import errors
from services.refunds.domain.leg import Leg, LegKind, LegState
from services.refunds.domain.payment import Payment, Provider, split
from services.refunds.domain.refund import Refund, RefundState


@dataclass(frozen=True, slots=True)
class CreateRefund:
    """How much, of which order, and why. The context's idempotency key is the refund's for ever."""

    ctx: RequestContext
    order_id: str
    return_id: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class CreatedRefund:
    """The refund as it is now; `replayed` when it was asked for before."""

    refund: Refund
    legs: list[Leg]
    replayed: bool = False


async def create_refund(ports: Ports, command: CreateRefund) -> CreatedRefund:
    """Reserve the money under the payments' caps and leave sending it to `work`: never fails on the provider.

    Refund, legs, reservations and event are one commit, so there is no half-finished refund to repair; the
    same key drives a refund on by making its waiting legs due at once. Raises BAD_AMOUNT,
    PAYMENT_NOT_FOUND, CURRENCY_MISMATCH, OVER_CAP (before any call to the provider), REQUEST_ID_REUSED.
    """
    if not command.ctx.idempotency_key:
        raise errors.key_required()
    if command.amount.minor <= 0:
        raise errors.bad_amount(command.amount)

    async def work(tx: Transaction) -> CreatedRefund:
        return await drive_again(ports, tx, command) or await owe(ports, tx, command)

    async with ports.turns.of(f"{command.ctx.tenant_id}/{command.order_id}"):
        return await ports.commit(work)


async def drive_again(ports: Ports, tx: Transaction, command: CreateRefund) -> CreatedRefund | None:
    """The refund asked for with this key before, its waiting legs due now. Raises REQUEST_ID_REUSED."""
    known = await tx.refunds.by_request_key(command.ctx.tenant_id, command.ctx.idempotency_key)
    if known is None:
        return None
    if known.fingerprint != new_refund(ports, command).fingerprint:
        raise errors.request_id_reused()
    legs = await tx.legs.of_refunds(known.tenant_id, [known.refund_id])
    for leg in legs:
        if leg.state is LegState.RETRY_WAIT and leg.due_at and leg.due_at > ports.clock.now():
            leg.due_at = ports.clock.now()
            await tx.legs.save(leg)
    return CreatedRefund(known, legs, replayed=True)


async def owe(ports: Ports, tx: Transaction, command: CreateRefund) -> CreatedRefund:
    """Reserve, and store what is owed."""
    payments = await tx.payments.of_order(command.ctx.tenant_id, command.order_id)
    shares = split(command.amount, payments, command.order_id)
    refund = new_refund(ports, command)
    refund.request()
    legs = _legs(refund, payments, shares)
    for leg in legs:
        payment = next(p for p in payments if p.payment_id == leg.payment_id)
        payment.reserve(leg.leg_id, leg.amount)
        await tx.payments.save(payment)
    await tx.refunds.add(refund)
    await tx.legs.add(legs)
    return CreatedRefund(refund, legs)


def new_refund(ports: Ports, command: CreateRefund) -> Refund:
    """The refund that a command asks for, not stored."""
    return Refund(
        tenant_id=command.ctx.tenant_id,
        refund_id=ports.ids.new("rfd"),
        order_id=command.order_id,
        return_id=command.return_id,
        amount=command.amount,
        reason=command.reason,
        request_key=command.ctx.idempotency_key,
        created_at=ports.clock.now(),
        state=RefundState.PROCESSING,
    )


def _legs(refund: Refund, payments: list[Payment], shares: Mapping[str, Money]) -> list[Leg]:
    """One leg a payment, in order. Money that was paid outside waits for a person."""
    by_id = {payment.payment_id: payment for payment in payments}
    legs = []
    for number, (payment_id, amount) in enumerate(shares.items(), start=1):
        payment = by_id[payment_id]
        by_hand = payment.provider is Provider.EXTERNAL
        legs.append(
            Leg(
                tenant_id=refund.tenant_id,
                leg_id=f"leg_{refund.refund_id.removeprefix('rfd_')}_{number}",
                refund_id=refund.refund_id,
                kind=LegKind.MANUAL_BANK if by_hand else LegKind.ORIGINAL_PAYMENT,
                payment_id=payment_id,
                provider_payment_id=payment.provider_payment_id,
                amount=amount,
                state=LegState.MANUAL if by_hand else LegState.READY,
                created_at=refund.created_at,
                due_at=None if by_hand else refund.created_at,
            )
        )
    return legs
