"""CancelReservation."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.application.answers import ReservationChange, reservation_change
from services.loyalty.application.ports import Change, Needs, Ports, Request
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.spending import cancel


@dataclass(frozen=True, slots=True)
class CancelReservation:
    """Give held points back."""

    ctx: RequestContext
    account_id: str
    reservation_id: str


async def cancel_reservation(ports: Ports, command: CancelReservation) -> Answer[ReservationChange]:
    """Raises RESERVATION_NOT_FOUND, HOLD_EXPIRED, HOLD_ALREADY_COMMITTED."""
    ctx = command.ctx

    def decide(account: Account, _program: Program, now: datetime) -> ReservationChange:
        before = len(account.entries)
        reservation = cancel(account, command.reservation_id, now)
        return reservation_change(account, reservation, before, now)

    return await ports.accounts.change(
        Change(
            ctx.tenant_id,
            command.account_id,
            decide,
            Needs(reservation_id=command.reservation_id),
            Request("CancelReservation", ctx.idempotency_key, ctx.fingerprint, ReservationChange),
        )
    )
