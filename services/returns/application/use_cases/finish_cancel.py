"""Asking the carrier to stay at home, and committing its answer."""

from services.returns.application.carrier_calls import call_of
from services.returns.application.carrier_effects import PickupOf, change_pickup
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.domain.carriage import CancelOutcome, CancelResult, CarrierPickupState
from services.returns.domain.carrier_errors import CarrierError, InvalidRequest
from services.returns.domain.cases import booking, calling_off
from services.returns.domain.cases.return_case import Pickup, ReturnCase
from services.returns.domain.cases.states import PickupState
from services.returns.domain.cases.story import Story

_ANSWERS = {
    CarrierPickupState.CANCELLED: CancelResult(outcome=CancelOutcome.CANCELLED),
    CarrierPickupState.CANCEL_REQUESTED: CancelResult(outcome=CancelOutcome.PENDING),
    # Its scan is on the way to us, and the scan tells the story.
    CarrierPickupState.COLLECTED: CancelResult(outcome=CancelOutcome.PENDING),
}


async def finish_cancel(ports: Ports, of: PickupOf, *, look_first: bool = False) -> None:
    """Cancel at the carrier and commit what it says. The caller has claimed the pickup.

    `look_first`: the carrier was asked before, so see what became of that. Raises nothing that the carrier
    does wrong; what cannot be found out now is left to the timer.
    """
    case = await ports.uow.read(lambda tx: load_case(tx, of.ctx, of.return_id))
    pickup = case.pickup(of.pickup_id)
    if pickup.state is not PickupState.CANCEL_REQUESTED:
        return
    try:
        result = await _ask(ports, pickup, look_first=look_first)
        if result.outcome is CancelOutcome.CANCELLED:
            await _void(ports, pickup)
    except InvalidRequest as error:
        result = CancelResult(outcome=CancelOutcome.REJECTED, reason=error.message)
    except CarrierError:
        result = CancelResult(outcome=CancelOutcome.PENDING)
    await change_pickup(ports, of, lambda c, p, s: _told(c, p, result, s))


async def _ask(ports: Ports, pickup: Pickup, *, look_first: bool) -> CancelResult:
    gateway = ports.carriers[pickup.carrier]
    call = call_of(pickup.reference)
    if look_first:
        there = await ports.offload(gateway.get_pickup, pickup.carrier_pickup_id, call=call)
        if there.state in _ANSWERS:
            return _ANSWERS[there.state]
    return await ports.offload(gateway.cancel_pickup, pickup.carrier_pickup_id, call=call)


async def _void(ports: Ports, pickup: Pickup) -> None:
    gateway = ports.carriers[pickup.carrier]
    try:
        await ports.offload(gateway.void_shipment, pickup.carrier_shipment_id, call=call_of(pickup.reference))
    except CarrierError:
        return  # the label expires by itself; a parcel sent with it all the same reopens the return (T18)


def _told(case: ReturnCase, pickup: Pickup, result: CancelResult, story: Story) -> ReturnCase:
    if pickup.state is not PickupState.CANCEL_REQUESTED:
        return case  # the courier's scan was faster
    if result.outcome is CancelOutcome.REJECTED:
        return calling_off.refuse_cancel(case, result.reason, story)
    if result.outcome is CancelOutcome.PENDING:
        return booking.later(case, pickup, story)
    return calling_off.pickup_cancelled(case, pickup, story)
