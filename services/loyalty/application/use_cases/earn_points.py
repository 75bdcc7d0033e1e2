"""EarnPoints."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.application.answers import PointsChange, points_change
from services.loyalty.application.ports import Change, Needs, Ports, Request
from services.loyalty.domain.account import Account
from services.loyalty.domain.orders import Basket
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.earning import earn
from services.loyalty.domain.rules.returning import process_early_returns


@dataclass(slots=True)
class EarnPoints:
    """Earn for a paid order."""

    ctx: RequestContext
    account_id: str
    basket: Basket


async def earn_points(ports: Ports, command: EarnPoints) -> Answer[PointsChange]:
    """Raises ACCOUNT_NOT_FOUND, ACCOUNT_SUSPENDED, INVALID_CURRENCY, INVALID_POINTS, DUPLICATE_SOURCE."""
    ctx, basket = command.ctx, command.basket

    def decide(account: Account, program: Program, now: datetime) -> PointsChange:
        return earn_now(account, program, basket, now, ctx.reason_code)

    return await ports.accounts.change(
        Change(
            ctx.tenant_id,
            command.account_id,
            decide,
            Needs(orders=(basket.order_id,), spent_on=basket.order_id, guess_new=True),
            Request("EarnPoints", ctx.idempotency_key, ctx.fingerprint),
        )
    )


def earn_now(
    account: Account, program: Program, basket: Basket, now: datetime, reason_code: str = ""
) -> PointsChange:
    """Earn, and do what returns that came before the payment asked for."""
    before = len(account.entries)
    earn(account, program, basket, now, reason_code)
    process_early_returns(account, program, basket.order_id, now)
    return points_change(account, before, now)
