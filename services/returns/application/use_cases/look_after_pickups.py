"""The timer that finishes what a dead process or a silent courier left open."""

from services.chassis.kernel.context import system_context
from services.chassis.kernel.errors import AftercareError
from services.returns.application.carrier_effects import PickupOf
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import DueCase, ReturnsTransaction
from services.returns.application.use_cases.finish_booking import finish_booking
from services.returns.application.use_cases.finish_cancel import finish_cancel
from services.returns.domain.cases.booking import claim_due
from services.returns.domain.cases.return_case import Pickup
from services.returns.domain.cases.states import PickupState

PROCESS = "returns.work"
_AT_ONCE = 20


async def look_after_pickups(ports: Ports) -> int:
    """See to each pickup that is due: how many were. Several processes may do it at once."""
    due = await ports.uow.read(lambda tx: tx.cases.due(ports.clock.now(), _AT_ONCE))
    return sum([await _see_to(ports, case) for case in due])


async def _see_to(ports: Ports, due: DueCase) -> int:
    try:
        pickup = await _claim(ports, due)
    except AftercareError:  # somebody else changed it at this very moment: it is theirs, or the next turn's
        return 0
    if pickup is None:
        return 0
    of = PickupOf(system_context(due.tenant_id, PROCESS), due.return_id, pickup.pickup_id)
    if pickup.state is PickupState.CANCEL_REQUESTED:
        await finish_cancel(ports, of, look_first=True)
    else:
        await finish_booking(ports, of, look_first=True)
    return 1


async def _claim(ports: Ports, due: DueCase) -> Pickup | None:
    ctx = system_context(due.tenant_id, PROCESS)

    async def work(tx: ReturnsTransaction) -> Pickup | None:
        case = await load_case(tx, ctx, due.return_id)
        claimed = claim_due(case, ports.clock.now())
        if claimed is None:
            return None
        case, pickup = claimed
        await tx.cases.save(case)
        return pickup

    return await ports.uow.run(work)
