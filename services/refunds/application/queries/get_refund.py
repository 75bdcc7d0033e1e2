"""Read one refund."""

from services.chassis.kernel.context import RequestContext
from services.refunds.application.ports import Ports, Transaction
from services.refunds.domain import errors
from services.refunds.domain.leg import Leg
from services.refunds.domain.refund import Refund


async def get_refund(ports: Ports, ctx: RequestContext, refund_id: str) -> tuple[Refund, list[Leg]]:
    """The refund and its legs. Raises REFUND_NOT_FOUND."""

    async def query(tx: Transaction) -> tuple[Refund, list[Leg]]:
        refund = await tx.refunds.get(ctx.tenant_id, refund_id)
        if refund is None:
            raise errors.refund_not_found(refund_id)
        return refund, await tx.legs.of_refunds(ctx.tenant_id, [refund_id])

    return await ports.uow.read(query)
