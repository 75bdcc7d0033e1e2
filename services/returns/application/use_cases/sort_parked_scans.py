"""The timer that finds the return of scans which came before we knew their parcel."""

from datetime import timedelta
from typing import Final

from services.chassis.kernel.context import Actor, ActorType
from services.returns.application.carrier_effects import take_scan
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ParkedScan, ReturnsTransaction
from services.returns.domain.cases.story import Story

KEPT: Final = timedelta(hours=24)
_AT_ONCE = 100
_ACTOR = Actor(ActorType.SYSTEM, "returns.work")


async def sort_parked_scans(ports: Ports) -> int:
    """How many scans found their return; those that found none for 24 hours become orphans."""
    parked = await ports.uow.read(lambda tx: tx.scans.parked(_AT_ONCE))
    too_old = ports.clock.now() - KEPT
    return sum([await _sort(ports, scan, is_too_old=came <= too_old) for scan, came in parked])


async def _sort(ports: Ports, scan: ParkedScan, *, is_too_old: bool) -> int:
    now = ports.clock.now()

    async def work(tx: ReturnsTransaction) -> int:
        event = scan.event
        case = await tx.cases.find_by_parcel(scan.tenant_id, event.tracking_no, event.carrier)
        if case is None:
            if is_too_old:
                await tx.scans.give_up(scan.tenant_id, event)
            return 0
        story = Story(_ACTOR, now)
        case, is_late = await take_scan(tx, case, event, story)
        await tx.scans.assign(scan.tenant_id, event, case.return_id, is_late=is_late)
        await tx.cases.save(case)
        await tx.keep(story)
        return 1

    return await ports.uow.run(work)
