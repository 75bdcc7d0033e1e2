"""ReservePoints."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.application.answers import ReservationChange, reservation_change
from services.loyalty.application.ports import Change, Needs, Ports, Request
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.spending import reserve


@dataclass(frozen=True, slots=True)
class ReservePoints:
    """Hold points for an order that is being paid; 0 seconds means the default."""

    ctx: RequestContext
    account_id: str
    order_id: str
    points: int
    seconds: int = 0


async def reserve_points(ports: Ports, command: ReservePoints) -> Answer[ReservationChange]:
    """Raises ACCOUNT_NOT_FOUND, ACCOUNT_SUSPENDED, INSUFFICIENT_POINTS, VELOCITY_LIMIT."""
    ctx = command.ctx
    reservation_id = ports.ids.new("hold")

    def decide(account: Account, _program: Program, now: datetime) -> ReservationChange:
        before = len(account.entries)
        reservation = reserve(account, reservation_id, command.order_id, command.points, command.seconds, now)
        return reservation_change(account, reservation, before, now)

    return await ports.accounts.change(
        Change(
            ctx.tenant_id,
            command.account_id,
            decide,
            Needs(spends=command.points),
            Request("ReservePoints", ctx.idempotency_key, ctx.fingerprint, ReservationChange),
        )
    )
