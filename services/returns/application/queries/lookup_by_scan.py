"""Finding a return by what the warehouse's scanner read."""

from services.chassis.kernel.context import RequestContext
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.access import check_staff
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.errors import return_not_found


async def lookup_by_scan(ports: Ports, ctx: RequestContext, code: str) -> ReturnCase:
    """The return of an RMA number, return id or tracking number. Raises RETURN_NOT_FOUND."""
    check_staff(ctx.actor, "look up scans")
    read = code.strip()

    async def query(tx: ReturnsTransaction) -> ReturnCase | None:
        found = await tx.cases.find(ctx.tenant_id, read)
        return found or await tx.cases.find_by_parcel(ctx.tenant_id, read)

    case = await ports.uow.read(query)
    if case is None:
        raise return_not_found(code)
    return case
