"""ActivatePoints."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.application.answers import PointsChange, points_change
from services.loyalty.application.ports import Change, Needs, Ports, Request
from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.earning import deliver


@dataclass(frozen=True, slots=True)
class ActivatePoints:
    """An order was delivered: its points become spendable after the return window."""

    ctx: RequestContext
    account_id: str
    order_id: str
    delivered_at: datetime


async def activate_points(ports: Ports, command: ActivatePoints) -> Answer[PointsChange]:
    """The first delivery that is told counts. Raises ACCOUNT_NOT_FOUND, ORDER_NOT_EARNED."""
    ctx, order_id = command.ctx, command.order_id

    def decide(account: Account, program: Program, now: datetime) -> PointsChange:
        order = account.orders.get(order_id)
        if order is None or order.earning is None:
            raise errors.order_not_earned(order_id)
        before = len(account.entries)
        deliver(account, program, order_id, command.delivered_at, now)
        return points_change(account, before, now)

    return await ports.accounts.change(
        Change(
            ctx.tenant_id,
            command.account_id,
            decide,
            Needs(orders=(order_id,)),
            Request("ActivatePoints", ctx.idempotency_key, ctx.fingerprint, PointsChange),
        )
    )
