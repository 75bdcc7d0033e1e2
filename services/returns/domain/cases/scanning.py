"""What a carrier's scan does to a return (T6, T18, pickup and parcel); late ones move nothing back."""

from dataclasses import dataclass, replace
from typing import Final

from services.returns.domain.carrier_events import CarrierEvent, CarrierEventCode
from services.returns.domain.cases.booking import open_pickup
from services.returns.domain.cases.calling_off import refuse_cancel
from services.returns.domain.cases.return_case import Pickup, ReturnCase
from services.returns.domain.cases.shipment import project
from services.returns.domain.cases.states import CaseState, PickupState
from services.returns.domain.cases.story import Story
from services.returns.domain.cases.transitions import COLLECT, REOPEN_BY_SCAN, move
from services.returns.domain.orders.order import Order
from services.returns.domain.quoting.quote import points_tender
from services.returns.domain.quoting.totals import totals

FIRST_SCAN: Final = "first_scan"
DELIVERED: Final = "delivered"


@dataclass(frozen=True, slots=True)
class Scanned:
    """The case after a scan. `cancel_done`: the courier confirmed that it stays at home."""

    case: ReturnCase
    is_late: bool = False
    cancel_done: bool = False


def milestones_of(event: CarrierEvent) -> tuple[str, ...]:
    """The milestones a scan stands for; each counts once per return."""
    found = (FIRST_SCAN,) if event.code.is_possession else ()
    return (*found, DELIVERED) if event.code is CarrierEventCode.DELIVERED else found


def apply_scan(case: ReturnCase, event: CarrierEvent, milestones: frozenset[str], story: Story) -> Scanned:
    """The case after a scan; `milestones` are those it reaches now for the first time."""
    shipment = next((s for s in case.shipments if s.tracking_number == event.tracking_no), None)
    is_late = False
    if shipment is not None:
        changed, is_late = project(shipment, event)
        case = case.with_shipment(changed)
    word = f"{event.code} {event.native_code} at {event.occurred_at.isoformat()} {event.location}".strip()
    case = story.note(case, "carrier.scan_late" if is_late else "carrier.scan", word)
    if FIRST_SCAN in milestones:
        case = _in_possession(case, event, story)
    if DELIVERED in milestones:
        case = story.tell(case, "return.delivered", "the parcel is at the warehouse door")
    case, cancel_done = _pickup_news(case, event, story)
    return Scanned(case, is_late, cancel_done)


def reopen(case: ReturnCase, order: Order, event: CarrierEvent, story: Story) -> tuple[ReturnCase, Order]:
    """T18: the courier has what was called off. The units go back on the return if they are still free.

    Otherwise a person must look: the case stays as it is and its timeline says so.
    """
    if not _are_free(case, order):
        return story.note(case, "return.scan_after_cancel", "its units are on another return: look"), order
    confirmed = case.cancellation.confirmed_at if case.cancellation else None
    case, order = _take_again(case, order)
    case = _collected(case, story)
    if confirmed is not None and event.occurred_at <= confirmed:
        case = story.tell(case, "return.cancel_rejected", "the courier had the parcel before it confirmed")
    return move(case, REOPEN_BY_SCAN, story, "the courier has the parcel"), order


def _take_again(case: ReturnCase, order: Order) -> tuple[ReturnCase, Order]:
    # Another return may have got points or the delivery meanwhile, so the figures are made anew.
    shipping = 0 if order.released.shipping_by else case.quoted.shipping.minor
    goods = case.quoted.goods.minor
    share = points_tender(order).share_of(goods + shipping, order.released)
    quoted = totals(
        case.currency,
        goods=goods,
        shipping=shipping,
        fee=case.quoted.fee.minor,
        points=share.points,
        points_value=share.points_value,
    )
    released = order.released.plus(share, case.return_id if shipping else "")
    order = order.with_units_taken(case.unit_indexes(), released)
    return replace(case, quoted=quoted, held=share, cancellation=None), order


def _are_free(case: ReturnCase, order: Order) -> bool:
    for line_id, units in case.unit_indexes().items():
        line = order.line(line_id)
        if line is None or set(units) & set(line.on_return):
            return False
    return True


def _in_possession(case: ReturnCase, event: CarrierEvent, story: Story) -> ReturnCase:
    if case.state is not CaseState.APPROVED:
        return case
    if case.is_being_cancelled:
        case = refuse_cancel(case, f"the courier has the parcel since {event.occurred_at.isoformat()}", story)
    case = _collected(case, story)
    return move(case, COLLECT, story, "first scan in the courier's hands")


def _collected(case: ReturnCase, story: Story) -> ReturnCase:
    candidates = [p for p in case.pickups if p.state is not PickupState.BOOKING_FAILED]
    pickup = open_pickup(case) or (candidates[-1] if candidates else None)
    if pickup is None or pickup.state is PickupState.COLLECTED:
        return case
    case = case.with_pickup(replace(pickup, state=PickupState.COLLECTED, due_at=None))
    return story.tell(case, "pickup.collected", pickup.confirmation)


def _pickup_news(case: ReturnCase, event: CarrierEvent, story: Story) -> tuple[ReturnCase, bool]:
    pickup = _pickup_of(case, event)
    if pickup is None or case.state is not CaseState.APPROVED:
        return case, False
    if event.code is CarrierEventCode.PICKUP_ATTEMPT_FAILED and pickup.state is PickupState.SCHEDULED:
        changed = replace(pickup, state=PickupState.ATTEMPT_FAILED, failure=event.reason, due_at=None)
        return story.tell(case.with_pickup(changed), "pickup.attempt_failed", event.reason), False
    if event.code is CarrierEventCode.PICKUP_CANCEL_REJECTED:
        waits = pickup.state is PickupState.CANCEL_REQUESTED
        return (refuse_cancel(case, event.reason, story) if waits else case), False
    if event.code is CarrierEventCode.PICKUP_CANCELLED:
        if case.is_being_cancelled:
            return case, True
        changed = replace(pickup, state=PickupState.CANCELLED, due_at=None)
        return story.tell(case.with_pickup(changed), "pickup.cancelled", "by the courier"), False
    return case, False


def _pickup_of(case: ReturnCase, event: CarrierEvent) -> Pickup | None:
    pickup = open_pickup(case)
    if pickup is None or not event.carrier_pickup_id:
        return pickup
    return pickup if pickup.carrier_pickup_id == event.carrier_pickup_id else None
