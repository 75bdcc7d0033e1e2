"""Reading an order."""

from services.chassis.kernel.context import RequestContext
from services.returns.application.loading import load_order
from services.returns.application.ports import Ports
from services.returns.domain.orders.order import Order


async def get_order(ports: Ports, ctx: RequestContext, order_id: str) -> Order:
    """The order. Raises ORDER_NOT_FOUND."""
    return await ports.uow.read(lambda tx: load_order(tx, ctx, order_id))
