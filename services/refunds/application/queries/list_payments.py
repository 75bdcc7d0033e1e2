"""List the payments of an order."""

from services.chassis.kernel.context import RequestContext
from services.refunds.application.ports import Ports
from services.refunds.domain.payment import Payment


async def list_payments(ports: Ports, ctx: RequestContext, order_id: str) -> list[Payment]:
    """Oldest import first; none for an order we do not know."""
    return await ports.uow.read(lambda tx: tx.payments.of_order(ctx.tenant_id, order_id))
