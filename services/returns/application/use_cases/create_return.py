"""Opening the return that was quoted."""

from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.returns.application.loading import load_order
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.cases.opening import Names, open_return
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.rma import rma_number
from services.returns.domain.cases.story import Story
from services.returns.domain.errors import invalid
from services.returns.domain.quoting import quote_token


@dataclass(frozen=True, slots=True)
class CreateReturn:
    """`quote_token` as QuoteReturn gave it."""

    ctx: RequestContext
    order_id: str
    quote_token: str


async def create_return(ports: Ports, command: CreateReturn) -> Answer[ReturnCase]:
    """The return: asked for (T1) and agreed to by rule (T2) in one commit, its units taken on the order.

    Raises QUOTE_INVALID, QUOTE_EXPIRED, UNITS_ALREADY_ON_RETURN, ORDER_NOT_FOUND.
    """
    ctx, now = command.ctx, ports.clock.now()
    promise = quote_token.read(command.quote_token, ports.quote_secrets, now)
    if (promise.tenant_id, promise.order_id) != (ctx.tenant_id, command.order_id):
        raise invalid("QUOTE_INVALID", "the quote is for another order", "quote_token")
    # Outside the commit: a counter inside it would make all returns of a shop wait for each other.
    count = await ports.rma_numbers.next(ctx.tenant_id, now.year)
    names = Names(ports.ids.new("ret"), rma_number(now.year, count))

    async def work(tx: ReturnsTransaction) -> ReturnCase:
        order = await load_order(tx, ctx, command.order_id)
        story = Story(ctx.actor, now, ctx.reason_code)
        order, case = open_return(order, promise, ports.policy, names, story)
        await tx.orders.save(order)
        case = await tx.cases.add(case)
        await tx.keep(story)
        return case

    return await ports.uow.once("CreateReturn", ctx, ReturnCase, work)
