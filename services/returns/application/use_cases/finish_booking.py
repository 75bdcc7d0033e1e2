"""Asking the carrier for a booking that is committed on our side, and committing its answer."""

from services.returns.application.carrier_calls import call_of, reason_of
from services.returns.application.carrier_effects import Change, PickupOf, change_pickup
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.domain.carriage import (
    BookPickup,
    CarrierMethod,
    CarrierPickup,
    CarrierPickupState,
    CarrierShipment,
    CreateReturnShipment,
)
from services.returns.domain.carrier_errors import CarrierError, OutcomeUnknown
from services.returns.domain.cases import booking
from services.returns.domain.cases.return_case import Pickup, ReturnCase
from services.returns.domain.cases.story import Story

_NO_PICKUP = frozenset({CarrierPickupState.CANCELLED, CarrierPickupState.BOOKING_FAILED})


async def finish_booking(ports: Ports, of: PickupOf, *, look_first: bool) -> None:
    """Ask the carrier and commit what it says. The caller has claimed the pickup.

    `look_first`: somebody may have asked before us, so look for the booking by our reference before making
    one; a pickup is never booked twice. Raises nothing that the carrier does wrong.
    """
    case = await ports.uow.read(lambda tx: load_case(tx, of.ctx, of.return_id))
    pickup = case.pickup(of.pickup_id)
    if pickup.state not in booking.UNBOOKED:
        return
    try:
        answer = await _find(ports, pickup) if look_first else None
        if answer is None:
            if case.is_being_cancelled:  # nothing is booked, so there is nothing to cancel either
                await change_pickup(ports, of, _if_unbooked(_called_off))
                return
            if not pickup.carrier_shipment_id:
                pickup = await _make_label(ports, of, case, pickup)
            if pickup.state not in booking.UNBOOKED:
                return
            answer = await _book(ports, pickup)
    except CarrierError as error:
        await _failed(ports, of, error, look_first=look_first)
        return
    await change_pickup(ports, of, _if_unbooked(lambda c, p, s: booking.booked(c, p, answer, s)))


async def _find(ports: Ports, pickup: Pickup) -> CarrierPickup | None:
    gateway = ports.carriers[pickup.carrier]
    found = await ports.offload(gateway.find_pickups, pickup.reference, call=call_of(pickup.reference))
    return next((one for one in found if one.state not in _NO_PICKUP), None)


async def _make_label(ports: Ports, of: PickupOf, case: ReturnCase, pickup: Pickup) -> Pickup:
    gateway = ports.carriers[pickup.carrier]
    command = CreateReturnShipment(
        reference=booking.reference(pickup.pickup_id, case.order_id),
        method=CarrierMethod.HOME_PICKUP_WITH_LABEL,
        sender=pickup.address,
        recipient=ports.depot.address,
        parcels=(ports.depot.parcel,),
        label_formats=(),  # printed when somebody asks for it
    )
    made: CarrierShipment = await ports.offload(
        gateway.create_return_shipment, command, call=call_of(command.reference)
    )
    shipment_id = ports.ids.new("shp")
    changed = await change_pickup(ports, of, lambda c, p, _: booking.label_made(c, p, shipment_id, made))
    return changed.pickup(of.pickup_id)


async def _book(ports: Ports, pickup: Pickup) -> CarrierPickup:
    gateway = ports.carriers[pickup.carrier]
    command = BookPickup(
        reference=pickup.reference,
        carrier_shipment_id=pickup.carrier_shipment_id,
        slot_id=pickup.slot_id,
    )
    return await ports.offload(gateway.book_pickup, command, call=call_of(pickup.reference))


async def _failed(ports: Ports, of: PickupOf, error: CarrierError, *, look_first: bool) -> None:
    reason = reason_of(error)
    if isinstance(error, OutcomeUnknown):
        await change_pickup(ports, of, _if_unbooked(booking.booking_unknown))
    elif look_first and reason == "CARRIER_DOWN":
        # What an earlier try did is still not known.
        await change_pickup(ports, of, _if_unbooked(booking.later))
    else:
        await change_pickup(
            ports,
            of,
            _if_unbooked(lambda c, p, s: booking.booking_failed(c, p, reason, error.message, s)),
        )


def _called_off(case: ReturnCase, pickup: Pickup, story: Story) -> ReturnCase:
    return booking.booking_failed(case, pickup, "CALLED_OFF", "the return was called off meanwhile", story)


def _if_unbooked(change: Change) -> Change:
    def guarded(case: ReturnCase, pickup: Pickup, story: Story) -> ReturnCase:
        # The courier's scan may have been faster than its answer.
        return change(case, pickup, story) if pickup.state in booking.UNBOOKED else case

    return guarded
