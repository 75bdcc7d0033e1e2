"""Calling a return off (T16), and the race with the courier's scan, which the scan wins."""

from dataclasses import replace

from services.returns.domain.cases.booking import CALL_TAKES, open_pickup
from services.returns.domain.cases.return_case import Cancellation, Pickup, ReturnCase
from services.returns.domain.cases.states import PickupState
from services.returns.domain.cases.story import Story
from services.returns.domain.cases.transitions import CANCEL, check, move
from services.returns.domain.orders.order import Order


def ask_cancel(case: ReturnCase, story: Story) -> tuple[ReturnCase, Pickup | None]:
    """The case that is to be called off, and the pickup to cancel at the carrier first.

    Without a pickup it can be finished at once by `finish_cancel`. Raises ALREADY_COLLECTED,
    ALREADY_RECEIVED, WRONG_STATE.
    """
    check(case, CANCEL)
    asked = Cancellation(story.at, f"{story.actor.type}:{story.actor.id}", story.reason)
    case = replace(case, cancellation=asked)
    pickup = open_pickup(case)
    if pickup is None:
        return case, None
    if pickup.state is PickupState.SCHEDULED:
        pickup = replace(pickup, state=PickupState.CANCEL_REQUESTED, due_at=story.at + CALL_TAKES, tries=0)
        case = story.note(case.with_pickup(pickup), "pickup.cancel_requested", pickup.confirmation)
    return case, pickup


def finish_cancel(case: ReturnCase, order: Order, story: Story) -> tuple[ReturnCase, Order]:
    """The cancelled case, and the order with its units free again. The pickup, if any, is cancelled."""
    pickup = open_pickup(case)
    if pickup is not None:
        case = case.with_pickup(replace(pickup, state=PickupState.CANCELLED, due_at=None))
    if case.cancellation is not None:
        case = replace(case, cancellation=replace(case.cancellation, confirmed_at=story.at))
    case = move(case, CANCEL, story, story.reason)
    released = order.released.minus(case.held, case.return_id)
    return case, order.with_units_freed(case.unit_indexes(), released)


def refuse_cancel(case: ReturnCase, detail: str, story: Story) -> ReturnCase:
    """The courier comes after all: the pickup stands, the return goes on."""
    pickup = open_pickup(case)
    if pickup is not None and pickup.state is PickupState.CANCEL_REQUESTED:
        case = case.with_pickup(replace(pickup, state=PickupState.SCHEDULED, due_at=None))
    return story.tell(replace(case, cancellation=None), "return.cancel_rejected", detail)


def pickup_cancelled(case: ReturnCase, pickup: Pickup, story: Story) -> ReturnCase:
    """The carrier stays at home."""
    changed = replace(pickup, state=PickupState.CANCELLED, due_at=None)
    return story.tell(case.with_pickup(changed), "pickup.cancelled", pickup.confirmation)
