"""Changes of a return that carriers cause: one commit each, whoever brings the news."""

from collections.abc import Callable
from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.carrier_events import CarrierEvent
from services.returns.domain.cases.booking import open_pickup
from services.returns.domain.cases.calling_off import finish_cancel
from services.returns.domain.cases.return_case import Pickup, ReturnCase
from services.returns.domain.cases.scanning import FIRST_SCAN, apply_scan, milestones_of, reopen
from services.returns.domain.cases.states import CaseState
from services.returns.domain.cases.story import Story
from services.returns.domain.errors import order_not_found
from services.returns.domain.orders.order import Order

Change = Callable[[ReturnCase, Pickup, Story], ReturnCase]


@dataclass(frozen=True, slots=True)
class PickupOf:
    """A pickup of a return, and who is at work on it."""

    ctx: RequestContext
    return_id: str
    pickup_id: str


async def change_pickup(ports: Ports, of: PickupOf, change: Change) -> ReturnCase:
    """Commit a change of a pickup; a return that only waited for it to be called off is then cancelled."""
    now = ports.clock.now()

    async def work(tx: ReturnsTransaction) -> ReturnCase:
        before = await load_case(tx, of.ctx, of.return_id)
        story = Story(of.ctx.actor, now, of.ctx.reason_code)
        case = change(before, before.pickup(of.pickup_id), story)
        if case.is_being_cancelled and open_pickup(case) is None:
            case = await cancel_case(tx, case, story)
        case = await _pick_up_parked(tx, before, case, story)
        if case == before:
            return case
        case = await tx.cases.save(case)
        await tx.keep(story)
        return case

    return await ports.uow.run(work)


async def cancel_case(tx: ReturnsTransaction, case: ReturnCase, story: Story) -> ReturnCase:
    """The cancelled case; its units are free again on the order, in the same commit."""
    case, order = finish_cancel(case, await order_of(tx, case), story)
    await tx.orders.save(order)
    return case


async def take_scan(
    tx: ReturnsTransaction, case: ReturnCase, event: CarrierEvent, story: Story
) -> tuple[ReturnCase, bool]:
    """The case after a scan and whether the scan was late; the milestones it reaches are noted once."""
    reached = frozenset(
        [
            milestone
            for milestone in milestones_of(event)
            if await tx.scans.reach(case.tenant_id, case.return_id, milestone, story.at)
        ]
    )
    scanned = apply_scan(case, event, reached, story)
    case = scanned.case
    if scanned.cancel_done:
        case = await cancel_case(tx, case, story)
    if FIRST_SCAN in reached and case.state in {CaseState.CANCELLED, CaseState.EXPIRED}:
        before = await order_of(tx, case)
        case, order = reopen(case, before, event, story)
        if order != before:
            await tx.orders.save(order)
    return case, scanned.is_late


async def order_of(tx: ReturnsTransaction, case: ReturnCase) -> Order:
    """The order of a return. Raises ORDER_NOT_FOUND, which never happens: orders are kept for ever."""
    order = await tx.orders.find(case.tenant_id, case.order_id)
    if order is None:
        raise order_not_found(case.order_id)
    return order


async def _pick_up_parked(
    tx: ReturnsTransaction, before: ReturnCase, case: ReturnCase, story: Story
) -> ReturnCase:
    known = {shipment.tracking_number for shipment in before.shipments}
    for shipment in case.shipments:
        if shipment.tracking_number in known:
            continue
        parked = await tx.scans.parked_for(case.tenant_id, shipment.carrier, shipment.tracking_number)
        for event in parked:
            case, is_late = await take_scan(tx, case, event, story)
            await tx.scans.assign(case.tenant_id, event, case.return_id, is_late=is_late)
    return case
