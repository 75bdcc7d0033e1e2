"""AdjustPoints."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.application.answers import PointsChange, points_change
from services.loyalty.application.ports import Change, Needs, Ports, Request
from services.loyalty.domain.account import Account
from services.loyalty.domain.ledger import Source, SourceType
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.adjusting import adjust


@dataclass(frozen=True, slots=True)
class AdjustPoints:
    """Credit (positive) or debit (negative) by hand."""

    ctx: RequestContext
    account_id: str
    points: int


async def adjust_points(ports: Ports, command: AdjustPoints) -> Answer[PointsChange]:
    """Raises ACCOUNT_NOT_FOUND, ACCOUNT_SUSPENDED, INSUFFICIENT_POINTS."""
    ctx, points = command.ctx, command.points
    source = Source(SourceType.ADJUSTMENT, ctx.idempotency_key)

    def decide(account: Account, program: Program, now: datetime) -> PointsChange:
        before = len(account.entries)
        adjust(account, program, points, source, ctx.reason_code, now)
        return points_change(account, before, now)

    return await ports.accounts.change(
        Change(
            ctx.tenant_id,
            command.account_id,
            decide,
            Needs(spends=max(0, -points)),
            Request("AdjustPoints", ctx.idempotency_key, ctx.fingerprint),
        )
    )
