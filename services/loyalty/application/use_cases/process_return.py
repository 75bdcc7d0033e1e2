"""ProcessReturn."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.application.ports import Change, Needs, Ports, Request
from services.loyalty.domain.account import Account
from services.loyalty.domain.orders import Returned
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules import returning
from services.loyalty.domain.rules.returning import ReturnOutcome


@dataclass(frozen=True, slots=True)
class ProcessReturn:
    """Goods of an order came back."""

    ctx: RequestContext
    account_id: str
    order_id: str
    goods: Returned


def return_needs(order_id: str) -> Needs:
    """What the rules look at: the order, what was spent on it, and all that clawback may take."""
    return Needs(orders=(order_id,), spent_on=order_id)


async def process_return(ports: Ports, command: ProcessReturn) -> Answer[ReturnOutcome]:
    """Raises ACCOUNT_NOT_FOUND, ORDER_NOT_EARNED, RETURN_EXCEEDS_ORDER, DUPLICATE_SOURCE."""
    ctx = command.ctx

    def decide(account: Account, program: Program, now: datetime) -> ReturnOutcome:
        return returning.process_return(account, program, command.order_id, command.goods, now)

    return await ports.accounts.change(
        Change(
            ctx.tenant_id,
            command.account_id,
            decide,
            return_needs(command.order_id),
            Request("ProcessReturn", ctx.idempotency_key, ctx.fingerprint, ReturnOutcome),
        )
    )
