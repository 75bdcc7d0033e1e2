"""Loading what a request speaks of, or saying that it is not there."""

from services.chassis.kernel.context import RequestContext
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.access import is_hidden_from
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.errors import order_not_found, return_not_found
from services.returns.domain.orders.order import Order


async def load_order(tx: ReturnsTransaction, ctx: RequestContext, order_id: str) -> Order:
    """The order. Raises ORDER_NOT_FOUND, also to a customer whose order it is not."""
    order = await tx.orders.find(ctx.tenant_id, order_id)
    if order is None or is_hidden_from(ctx.actor, order.customer_id):
        raise order_not_found(order_id)
    return order


async def load_case(tx: ReturnsTransaction, ctx: RequestContext, code: str) -> ReturnCase:
    """The return by id or RMA number. Raises RETURN_NOT_FOUND, also to a customer whose it is not."""
    case = await tx.cases.find(ctx.tenant_id, code)
    if case is None or is_hidden_from(ctx.actor, case.customer_id):
        raise return_not_found(code)
    return case
