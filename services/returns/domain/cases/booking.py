"""Booking the courier. Our wish is committed first, the carrier is asked after, its answer committed last.

Between the first and the last anything may die; `due_at` is when a timer then finishes the story.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.returns.domain.carriage import Address, CarrierPickup, CarrierPickupState, CarrierShipment
from services.returns.domain.cases.return_case import Pickup, ReturnCase, Window
from services.returns.domain.cases.shipment import Shipment
from services.returns.domain.cases.states import CaseState, PickupState
from services.returns.domain.cases.story import Story
from services.returns.domain.errors import precondition

CALL_TAKES: Final = timedelta(seconds=15)
"""Longer than all calls to the carrier in one go may take by their deadlines."""
_FIRST_PAUSE: Final = timedelta(seconds=2)
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_OPEN: Final = frozenset(
    {
        PickupState.REQUESTED,
        PickupState.BOOKING_UNKNOWN,
        PickupState.SCHEDULED,
        PickupState.CANCEL_REQUESTED,
    }
)
UNBOOKED: Final = frozenset({PickupState.REQUESTED, PickupState.BOOKING_UNKNOWN})
_REFUSALS: Final = {
    CaseState.IN_TRANSIT: "ALREADY_COLLECTED",
    CaseState.PARTIALLY_RECEIVED: "ALREADY_RECEIVED",
    CaseState.RECEIVED: "ALREADY_RECEIVED",
    CaseState.INSPECTED: "ALREADY_RECEIVED",
    CaseState.CLOSED: "ALREADY_RECEIVED",
}
_REFERENCE: Final = 64  # characters, as carriers take


@dataclass(frozen=True, slots=True)
class Wish:
    """Which courier, when and where."""

    pickup_id: str
    carrier: str
    slot_id: str
    address: Address


def open_pickup(case: ReturnCase) -> Pickup | None:
    """The pickup that is booked or being booked or cancelled."""
    return next((pickup for pickup in reversed(case.pickups) if pickup.state in _OPEN), None)


def ask_pickup(case: ReturnCase, wish: Wish, story: Story) -> ReturnCase:
    """The case with a pickup REQUESTED, the asker's for `CALL_TAKES`.

    Raises ALREADY_COLLECTED, ALREADY_RECEIVED, PICKUP_ALREADY_BOOKED, WRONG_STATE.
    """
    if case.state is not CaseState.APPROVED:
        reason = _REFUSALS.get(case.state, "WRONG_STATE")
        raise precondition(reason, f"no courier is sent for a return that is {case.state}", state=case.state)
    if open_pickup(case) is not None:
        raise precondition(
            "PICKUP_ALREADY_BOOKED", "a courier is booked for this return; call that off first"
        )
    before = [pickup for pickup in case.pickups if pickup.state is not PickupState.BOOKING_FAILED]
    pickup = Pickup(
        pickup_id=wish.pickup_id,
        carrier=wish.carrier,
        reference=reference(wish.pickup_id, case.order_id),
        state=PickupState.REQUESTED,
        attempt=len(before) + 1,
        slot_id=wish.slot_id,
        address=wish.address,
        carrier_shipment_id=_carrier_shipment(case, wish),
        due_at=story.at + CALL_TAKES,
    )
    case = replace(case, pickups=(*case.pickups, pickup))
    return story.note(case, "pickup.requested", f"{wish.carrier}, slot {wish.slot_id}")


def reference(ours: str, order_id: str) -> str:
    """Our reference at a carrier: our id, then the end of the shop's order id for people on the phone."""
    tail = re.sub(r"[^A-Za-z0-9_.-]", "_", order_id)
    return f"{ours}-{tail[-(_REFERENCE - len(ours) - 1) :]}"


def claim_due(case: ReturnCase, now: datetime) -> tuple[ReturnCase, Pickup] | None:
    """The first pickup that is due, the caller's own for `CALL_TAKES`; None when none is due."""
    for pickup in case.pickups:
        if pickup.due_at is not None and pickup.due_at <= now:
            claimed = replace(pickup, due_at=now + CALL_TAKES, tries=pickup.tries + 1)
            return case.with_pickup(claimed), claimed
    return None


def resume(case: ReturnCase, pickup: Pickup, now: datetime) -> ReturnCase | None:
    """The case with the pickup the caller's own, when the same call comes again and there is work left.

    That is a booking nobody is at work on, or one that failed because the carrier was down.
    """
    waits = pickup.state in UNBOOKED and pickup.due_at is not None and pickup.due_at <= now
    was_down = pickup.state is PickupState.BOOKING_FAILED and pickup.failure == "CARRIER_DOWN"
    may_again = was_down and case.state is CaseState.APPROVED and open_pickup(case) is None
    if not waits and not may_again:
        return None
    return case.with_pickup(
        replace(
            pickup, state=PickupState.REQUESTED, failure="", due_at=now + CALL_TAKES, tries=pickup.tries + 1
        )
    )


def label_made(case: ReturnCase, pickup: Pickup, shipment_id: str, made: CarrierShipment) -> ReturnCase:
    """The case with the carrier's shipment, whose label can be printed; nothing new the second time."""
    case = case.with_pickup(replace(pickup, carrier_shipment_id=made.carrier_shipment_id))
    known = {shipment.tracking_number for shipment in case.shipments}
    for tracking_number in made.tracking_numbers:
        if tracking_number not in known:
            parcel = Shipment(
                shipment_id=shipment_id, carrier=pickup.carrier, tracking_number=tracking_number, rank=1
            )
            case = case.with_shipment(parcel)
    return case


def booked(case: ReturnCase, pickup: Pickup, answer: CarrierPickup, story: Story) -> ReturnCase:
    """The case with what the carrier agreed to."""
    if answer.state is CarrierPickupState.BOOKING_FAILED:
        return booking_failed(case, pickup, "CARRIER_REFUSED", "the courier refused", story)
    # Called off while the courier was being asked: then it is to be cancelled there at once.
    unwanted = case.is_being_cancelled
    case = case.with_pickup(
        replace(
            pickup,
            state=PickupState.CANCEL_REQUESTED if unwanted else PickupState.SCHEDULED,
            carrier_pickup_id=answer.carrier_pickup_id,
            confirmation=answer.confirmation,
            window=Window(answer.window.start, answer.window.end, answer.window.tz),
            due_at=story.at if unwanted else None,
            tries=0,
        )
    )
    detail = f"{pickup.carrier} {answer.confirmation}, {answer.window.start.isoformat()}"
    return story.tell(case, "pickup.scheduled", detail)


def booking_unknown(case: ReturnCase, pickup: Pickup, story: Story) -> ReturnCase:
    """The courier did not answer in time: to be found out by our reference, never booked blindly."""
    changed = replace(pickup, state=PickupState.BOOKING_UNKNOWN, due_at=story.at + pause(pickup.tries))
    return story.note(case.with_pickup(changed), "pickup.booking_unknown", pickup.reference)


def booking_failed(case: ReturnCase, pickup: Pickup, reason: str, detail: str, story: Story) -> ReturnCase:
    """The carrier certainly booked nothing; the customer chooses again."""
    changed = replace(pickup, state=PickupState.BOOKING_FAILED, failure=reason, due_at=None)
    return story.note(case.with_pickup(changed), "pickup.booking_failed", f"{reason}: {detail}")


def later(case: ReturnCase, pickup: Pickup, story: Story) -> ReturnCase:
    """The carrier could not be asked; the timer asks again, more and more seldom."""
    return case.with_pickup(replace(pickup, due_at=story.at + pause(pickup.tries)))


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries."""
    return min(_FIRST_PAUSE * (1 << min(tries, 10)), _LONGEST_PAUSE)


def _carrier_shipment(case: ReturnCase, wish: Wish) -> str:
    # A second visit is for the same parcel with the same label, unless another carrier or place is meant.
    for pickup in reversed(case.pickups):
        same = pickup.carrier == wish.carrier and pickup.address == wish.address
        if same and pickup.carrier_shipment_id:
            return pickup.carrier_shipment_id
    return ""
