"""The contract's first half: coverage, slots, shipments, labels, pickups."""

import time
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from services.returns.domain import carrier_errors as errors
from services.returns.domain.carriage import (
    CancelOutcome,
    CarrierMethod,
    CarrierPickupState,
    LabelFormat,
)
from tests.contracts.carriers.carrier_contract import (
    CALL,
    CUSTOMER,
    LANE,
    PARCEL,
    SHORT_CALL,
    CarrierWorld,
    booked,
    booking,
    is_utc,
    order,
    shipment,
    slots,
)


class ContractOfOrders:
    def test_a_lane_has_capabilities(self, world: CarrierWorld) -> None:
        found = world.gateway.capabilities(LANE, call=CALL)
        assert CarrierMethod.HOME_PICKUP_WITH_LABEL in found.methods
        assert LabelFormat.PDF in found.label_formats
        assert found.cancel_cutoff > timedelta()
        assert (found.max_weight_grams, found.max_attempts) == (31_500, 3)

    @pytest.mark.parametrize("change", [{"origin_country": "JP"}, {"origin_postal_code": "99-001"}])
    def test_an_unserved_lane_has_none(self, world: CarrierWorld, change: dict[str, str]) -> None:
        with pytest.raises(errors.NoCoverage):
            world.gateway.capabilities(replace(LANE, **change), call=CALL)

    def test_slots_are_bookable_in_order_and_in_the_places_zone(self, world: CarrierWorld) -> None:
        found = slots(world)
        assert len(found) >= 3
        assert list(found) == sorted(found, key=lambda slot: (slot.start, slot.end))
        for slot in found:
            assert world.now() < slot.cutoff < slot.start < slot.end
            assert is_utc(slot.start)
            assert is_utc(slot.cutoff)
            local = slot.start.astimezone(ZoneInfo(slot.tz))
            assert local.weekday() < 5
            assert slot.tz == "Europe/Warsaw"
            assert slot.price.currency == "PLN"
            assert slot.price.minor > 0
        assert found[0].start.astimezone(ZoneInfo("Europe/Warsaw")).hour == 10

    def test_more_parcels_cost_more(self, world: CarrierWorld) -> None:
        day = world.now().date()
        one, two = (
            world.gateway.quote_slots(CUSTOMER, [PARCEL] * n, from_date=day, days=3, call=CALL)
            for n in (1, 2)
        )
        assert two[0].price.minor > one[0].price.minor

    def test_slots_of_a_malformed_postal_code_name_the_field(self, world: CarrierWorld) -> None:
        address = replace(CUSTOMER, postal_code="abc")
        with pytest.raises(errors.InvalidRequest) as refused:
            world.gateway.quote_slots(address, [PARCEL], from_date=world.now().date(), days=2, call=CALL)
        assert refused.value.field == "postal_code"

    def test_a_shipment_has_a_number_and_a_label_for_each_parcel(self, world: CarrierWorld) -> None:
        command = order("RMA-2", parcels=(PARCEL, PARCEL), formats=(LabelFormat.PDF, LabelFormat.ZPL))
        made = world.gateway.create_return_shipment(command, call=CALL)
        assert len(set(made.tracking_numbers)) == 2
        assert made.expires_at > world.now()
        assert is_utc(made.expires_at)
        assert [(label.format, label.tracking_no) for label in made.labels] == [
            (wanted, number)
            for wanted in (LabelFormat.PDF, LabelFormat.ZPL)
            for number in made.tracking_numbers
        ]
        for label in made.labels:
            assert label.tracking_no.encode() in label.content
            start = b"%PDF" if label.format is LabelFormat.PDF else b"^XA"
            assert label.content.startswith(start)

    def test_the_same_order_again_gives_the_same_shipment(self, world: CarrierWorld) -> None:
        assert shipment(world, "RMA-3") == shipment(world, "RMA-3")

    def test_a_reference_cannot_name_two_shipments(self, world: CarrierWorld) -> None:
        shipment(world, "RMA-4")
        with pytest.raises(errors.InvalidRequest) as refused:
            shipment(world, "RMA-4", parcels=2)
        assert refused.value.field == "reference"

    def test_a_wrong_parcel_is_named(self, world: CarrierWorld) -> None:
        heavy = replace(PARCEL, weight_grams=40_000)
        with pytest.raises(errors.InvalidRequest) as refused:
            world.gateway.create_return_shipment(order("RMA-5", parcels=(PARCEL, heavy)), call=CALL)
        assert refused.value.field == "parcels.1.weight_grams"

    def test_a_labelless_collection_has_no_label(self, world: CarrierWorld) -> None:
        command = order("RMA-6", method=CarrierMethod.HOME_COLLECTION_LABELLESS)
        made = world.gateway.create_return_shipment(command, call=CALL)
        assert made.labels == ()
        assert made.code
        with pytest.raises(errors.NotSupported):
            world.gateway.get_label(made.carrier_shipment_id, LabelFormat.PDF, call=CALL)

    def test_what_the_carrier_lacks_is_not_supported(self, world: CarrierWorld) -> None:
        for command in (
            order("RMA-7", formats=(LabelFormat.PNG,)),
            order("RMA-7", method=CarrierMethod.LOCKER_CODE),
        ):
            with pytest.raises(errors.NotSupported):
                world.gateway.create_return_shipment(command, call=CALL)

    def test_a_label_can_be_fetched_again(self, world: CarrierWorld) -> None:
        made = shipment(world)
        again = world.gateway.get_label(made.carrier_shipment_id, LabelFormat.PDF, call=CALL)
        assert again == made.labels

    def test_voiding_ends_label_and_booking(self, world: CarrierWorld) -> None:
        made = shipment(world)
        for _ in range(2):
            world.gateway.void_shipment(made.carrier_shipment_id, call=CALL)
        with pytest.raises(errors.TooLate):
            world.gateway.get_label(made.carrier_shipment_id, LabelFormat.PDF, call=CALL)
        with pytest.raises(errors.TooLate):
            world.gateway.book_pickup(booking(made, slots(world)[0], "p/void"), call=CALL)

    def test_a_booking_is_found_by_id_and_by_our_reference(self, world: CarrierWorld) -> None:
        made = shipment(world)
        slot = slots(world)[1]
        pickup = world.gateway.book_pickup(booking(made, slot, "p/1"), call=CALL)
        assert pickup.state is CarrierPickupState.SCHEDULED
        assert (pickup.window.start, pickup.window.end, pickup.window.tz) == (
            slot.start,
            slot.end,
            slot.tz,
        )
        assert pickup.charge == slot.price
        assert pickup.confirmation
        assert world.gateway.get_pickup(pickup.carrier_pickup_id, call=CALL) == pickup
        assert world.gateway.find_pickups("p/1", call=CALL) == (pickup,)
        assert world.gateway.find_pickups("p/2", call=CALL) == ()

    def test_booking_twice_under_one_reference_sends_one_courier(self, world: CarrierWorld) -> None:
        made = shipment(world)
        first, other = slots(world)[:2]
        command = booking(made, first, "p/1")
        pickup = world.gateway.book_pickup(command, call=CALL)
        assert world.gateway.book_pickup(command, call=CALL) == pickup
        with pytest.raises(errors.InvalidRequest) as refused:
            world.gateway.book_pickup(replace(command, slot_id=other.id), call=CALL)
        assert refused.value.field == "reference"

    def test_a_taken_slot_leaves_the_others(self, world: CarrierWorld) -> None:
        made = shipment(world)
        first, other = slots(world)[:2]
        with pytest.raises(errors.SlotTaken):
            world.gateway.book_pickup(booking(made, first, "p/1-SLOTTAKEN"), call=CALL)
        pickup = world.gateway.book_pickup(booking(made, other, "p/2-SLOTTAKEN"), call=CALL)
        assert pickup.window.start == other.start

    def test_a_booking_after_the_cutoff_is_too_late(self, world: CarrierWorld) -> None:
        made, slot = shipment(world), slots(world)[0]
        world.advance(slot.cutoff - world.now())
        with pytest.raises(errors.TooLate):
            world.gateway.book_pickup(booking(made, slot, "p/1"), call=CALL)

    def test_a_slot_nobody_offered_is_invalid(self, world: CarrierWorld) -> None:
        command = replace(booking(shipment(world), slots(world)[0], "p/1"), slot_id="tomorrow")
        with pytest.raises(errors.InvalidRequest) as refused:
            world.gateway.book_pickup(command, call=CALL)
        assert refused.value.field == "slot_id"

    def test_a_lost_answer_is_settled_by_our_reference(self, world: CarrierWorld) -> None:
        command = booking(shipment(world), slots(world)[0], "p/1-HANG")
        started = time.monotonic()
        with pytest.raises(errors.OutcomeUnknown):
            world.gateway.book_pickup(command, call=SHORT_CALL)
        assert time.monotonic() - started < 1.5
        (found,) = world.gateway.find_pickups("p/1-HANG", call=CALL)
        assert found.state is CarrierPickupState.SCHEDULED
        assert world.gateway.book_pickup(command, call=CALL) == found

    def test_a_cancelled_pickup_stays_cancelled(self, world: CarrierWorld) -> None:
        _, pickup = booked(world)
        for _ in range(2):
            result = world.gateway.cancel_pickup(pickup.carrier_pickup_id, call=CALL)
            assert result.outcome is CancelOutcome.CANCELLED
        now = world.gateway.get_pickup(pickup.carrier_pickup_id, call=CALL)
        assert now.state is CarrierPickupState.CANCELLED

    def test_a_refused_cancellation_says_why(self, world: CarrierWorld) -> None:
        _, pickup = booked(world, "p/1-409")
        result = world.gateway.cancel_pickup(pickup.carrier_pickup_id, call=CALL)
        assert result.outcome is CancelOutcome.REJECTED
        assert result.reason
        now = world.gateway.get_pickup(pickup.carrier_pickup_id, call=CALL)
        assert now.state is CarrierPickupState.SCHEDULED

    def test_a_cancellation_after_the_cutoff_is_refused(self, world: CarrierWorld) -> None:
        _, pickup = booked(world)
        world.advance(pickup.window.start - timedelta(hours=1) - world.now())
        result = world.gateway.cancel_pickup(pickup.carrier_pickup_id, call=CALL)
        assert result.outcome is CancelOutcome.REJECTED

    def test_unknown_ids_are_not_found(self, world: CarrierWorld) -> None:
        with pytest.raises(errors.NotFound):
            world.gateway.get_pickup("nobody/..", call=CALL)
        with pytest.raises(errors.NotFound):
            world.gateway.cancel_pickup("nobody", call=CALL)
        with pytest.raises(errors.NotFound):
            world.gateway.void_shipment("nobody", call=CALL)
