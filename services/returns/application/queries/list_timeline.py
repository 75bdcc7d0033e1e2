"""The story of a return."""

from collections.abc import Sequence

from services.chassis.kernel.context import RequestContext
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.cases.story import TimelineEntry


async def list_timeline(ports: Ports, ctx: RequestContext, code: str) -> Sequence[TimelineEntry]:
    """Its steps, oldest first. Raises RETURN_NOT_FOUND."""

    async def query(tx: ReturnsTransaction) -> Sequence[TimelineEntry]:
        case = await load_case(tx, ctx, code)
        return await tx.timeline(case.tenant_id, case.return_id)

    return await ports.uow.read(query)
