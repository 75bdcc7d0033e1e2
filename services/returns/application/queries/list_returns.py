"""Returns, newest first."""

from services.chassis.kernel.context import ActorType, RequestContext
from services.chassis.kernel.pagination import Page, page_size
from services.returns.application.ports import Ports
from services.returns.domain.cases.return_case import ReturnCase


async def list_returns(
    ports: Ports, ctx: RequestContext, order_id: str, size: int, token: str
) -> Page[ReturnCase]:
    """A page; a customer sees only their own. Raises INVALID_PAGE_TOKEN."""
    mine = ctx.actor.id if ctx.actor.type is ActorType.CUSTOMER else ""
    return await ports.uow.read(
        lambda tx: tx.cases.page(
            ctx.tenant_id, order_id=order_id, customer_id=mine, size=page_size(size), token=token
        )
    )
