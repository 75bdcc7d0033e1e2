"""Read a reconciliation run."""

from services.chassis.kernel.context import RequestContext
from services.refunds.application.ports import Ports
from services.refunds.application.ports.transaction import Run
from services.refunds.domain import errors


async def get_run(ports: Ports, ctx: RequestContext, run_id: str) -> Run:
    """The run. Raises RUN_NOT_FOUND."""
    run = await ports.uow.read(lambda tx: tx.runs.get(ctx.tenant_id, run_id))
    if run is None:
        raise errors.run_not_found(run_id)
    return run
