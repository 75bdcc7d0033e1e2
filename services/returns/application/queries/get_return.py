"""Reading a return."""

from services.chassis.kernel.context import RequestContext
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.domain.cases.return_case import ReturnCase


async def get_return(ports: Ports, ctx: RequestContext, code: str) -> ReturnCase:
    """The return by its id or RMA number. Raises RETURN_NOT_FOUND."""
    return await ports.uow.read(lambda tx: load_case(tx, ctx, code))
