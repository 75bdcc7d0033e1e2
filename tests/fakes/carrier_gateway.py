"""`CarrierGateway` in memory: the same contract as the real adapters, scripted by our references."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from services.chassis.kernel.money import Money
from services.returns.domain import carrier_errors as errors
from services.returns.domain.carriage import (
    Address,
    BookPickup,
    CancelOutcome,
    CancelResult,
    Capabilities,
    CarrierCall,
    CarrierLabel,
    CarrierMethod,
    CarrierPickup,
    CarrierPickupState,
    CarrierShipment,
    CreateReturnShipment,
    LabelFormat,
    Lane,
    Parcel,
    Slot,
)
from services.returns.domain.carrier_events import CarrierEvent, CarrierEventCode
from tests.fakes import carrier_company as company
from tests.fakes.carrier_pushes import events_of
from tests.fakes.carrier_stories import Step, endings_of

_FORMATS = frozenset({LabelFormat.PDF, LabelFormat.ZPL})
_METHODS = frozenset(
    {
        CarrierMethod.HOME_PICKUP_WITH_LABEL,
        CarrierMethod.HOME_COLLECTION_LABELLESS,
        CarrierMethod.DROP_OFF,
    }
)
_MAX_WEIGHT = 31_500
_SLOT_ID = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})")


class FakeCarrier(company.FakeCompany):
    """The port's methods; `advance`, `pushes` and `fail_next` are the strings of the puppet."""

    def capabilities(self, lane: Lane, *, call: CarrierCall) -> Capabilities:
        self.enter()
        company.zone_of(lane.origin_country, lane.origin_postal_code)
        company.zone_of(lane.destination_country, "0")
        return Capabilities(
            methods=_METHODS,
            label_formats=_FORMATS,
            reschedule=True,
            cancel_cutoff=company.CUTOFF,
            slot_discovery=True,
            max_weight_grams=_MAX_WEIGHT,
            max_length_mm=1200,
            max_width_mm=800,
            max_height_mm=800,
            max_attempts=3,
        )

    def quote_slots(
        self,
        address: Address,
        parcels: Sequence[Parcel],
        *,
        from_date: date,
        days: int,
        call: CarrierCall,
    ) -> tuple[Slot, ...]:
        self.enter()
        tz, currency = company.zone_of(address.country, address.postal_code)
        price = _price(len(parcels), currency)
        slots = [
            company.slot_on(day, hours, tz, price)
            for day in (from_date + timedelta(days=n) for n in range(days))
            if day.weekday() < 5
            for hours in company.WINDOWS
        ]
        return tuple(slot for slot in slots if slot.cutoff > self.clock.now())

    def create_return_shipment(self, command: CreateReturnShipment, *, call: CarrierCall) -> CarrierShipment:
        self.enter()
        for known in self.shipments.values():
            if known.command.reference == command.reference:
                if known.command != command:
                    raise errors.InvalidRequest("reference is used", field="reference")
                return known.made
        sender = command.sender
        company.zone_of(sender.country, sender.postal_code, "sender.postal_code")
        for index, parcel in enumerate(command.parcels):
            if not 0 < parcel.weight_grams <= _MAX_WEIGHT:
                raise errors.InvalidRequest("weight", field=f"parcels.{index}.weight_grams")
        if command.method not in _METHODS or not set(command.label_formats) <= _FORMATS:
            raise errors.NotSupported("no such method or label")
        return self.make(command)

    def void_shipment(self, carrier_shipment_id: str, *, call: CarrierCall) -> None:
        self.enter()
        shipment = self.shipment(carrier_shipment_id)
        if shipment.taken:
            raise errors.TooLate("on its way")
        shipment.voided = True
        for pickup in self.pickups.values():
            if pickup.shipment is shipment:
                pickup.turn += 1
                pickup.now = replace(pickup.now, state=CarrierPickupState.CANCELLED)

    def get_label(
        self, carrier_shipment_id: str, label_format: LabelFormat, *, call: CarrierCall
    ) -> tuple[CarrierLabel, ...]:
        self.enter()
        shipment = self.shipment(carrier_shipment_id)
        labelless = shipment.command.method is CarrierMethod.HOME_COLLECTION_LABELLESS
        if label_format not in _FORMATS or labelless:
            raise errors.NotSupported("no such label")
        if shipment.voided:
            raise errors.TooLate("voided")
        return tuple(company.label(no, label_format) for no in shipment.made.tracking_numbers)

    def book_pickup(self, command: BookPickup, *, call: CarrierCall) -> CarrierPickup:
        self.enter()
        for known in self.pickups.values():
            if known.command.reference == command.reference:
                if known.command != command:
                    raise errors.InvalidRequest("reference is used", field="reference")
                return known.now
        shipment = self.shipment(command.carrier_shipment_id)
        if shipment.voided or shipment.taken:
            raise errors.TooLate("voided or on its way")
        if shipment.command.method is CarrierMethod.DROP_OFF:
            raise errors.NotSupported("handed in at a point")
        slot = self._slot(command.slot_id, shipment)
        endings = endings_of(command.reference)
        if "SLOTTAKEN" in endings and shipment.taken_slot in {"", slot.id}:
            shipment.taken_slot = slot.id
            raise errors.SlotTaken("taken a moment ago")
        pickup = self.book(command, shipment, slot)
        if "HANG" in endings:
            raise errors.OutcomeUnknown("no answer")
        return pickup.now

    def find_pickups(self, reference: str, *, call: CarrierCall) -> tuple[CarrierPickup, ...]:
        self.enter()
        return tuple(p.now for p in self.pickups.values() if p.command.reference == reference)

    def get_pickup(self, carrier_pickup_id: str, *, call: CarrierCall) -> CarrierPickup:
        self.enter()
        return self.pickup(carrier_pickup_id).now

    def reschedule_pickup(self, carrier_pickup_id: str, slot_id: str, *, call: CarrierCall) -> CarrierPickup:
        self.enter()
        pickup = self.pickup(carrier_pickup_id)
        if not self._is_changeable(pickup):
            raise errors.TooLate("too late to move")
        self.plan(pickup, self._slot(slot_id, pickup.shipment))
        return pickup.now

    def cancel_pickup(self, carrier_pickup_id: str, *, call: CarrierCall) -> CancelResult:
        self.enter()
        pickup = self.pickup(carrier_pickup_id)
        if pickup.now.state is CarrierPickupState.CANCELLED:
            return CancelResult(outcome=CancelOutcome.CANCELLED)
        if not self._is_changeable(pickup) or "409" in pickup.endings:
            return CancelResult(outcome=CancelOutcome.REJECTED, reason="the tour is closed")
        if answers := pickup.endings & {"PENDING", "PENDINGNO"}:
            refused = "PENDINGNO" in answers
            code = CarrierEventCode.PICKUP_CANCEL_REJECTED if refused else _CANCELLED
            pickup.now = replace(pickup.now, state=CarrierPickupState.CANCEL_REQUESTED)
            answer = Step(self.clock.now() + timedelta(minutes=10), code)
            self.add_steps(pickup, [answer])
            return CancelResult(outcome=CancelOutcome.PENDING)
        self.happen(pickup, Step(self.clock.now(), _CANCELLED))
        return CancelResult(outcome=CancelOutcome.CANCELLED)

    def track(self, tracking_numbers: Sequence[str], *, call: CarrierCall) -> tuple[CarrierEvent, ...]:
        self.enter()
        found = [event for event in self.events if event.tracking_no in tracking_numbers]
        return tuple(sorted(found, key=lambda event: event.occurred_at))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> tuple[CarrierEvent, ...]:
        return events_of(headers, body, carrier=self.name, now=self.receiver_clock.now())

    def _slot(self, slot_id: str, shipment: company.BookedShipment) -> Slot:
        match = _SLOT_ID.fullmatch(slot_id)
        if match is None:
            raise errors.InvalidRequest("unknown slot", field="slot_id")
        sender = shipment.command.sender
        tz, currency = company.zone_of(sender.country, sender.postal_code)
        price = _price(len(shipment.command.parcels), currency)
        hours = (int(match[2]), int(match[3]))
        slot = company.slot_on(date.fromisoformat(match[1]), hours, tz, price)
        if slot.cutoff <= self.clock.now():
            raise errors.TooLate("the cut-off has passed")
        return slot

    def _is_changeable(self, pickup: company.BookedPickup) -> bool:
        if pickup.now.state is CarrierPickupState.ATTEMPT_FAILED:
            return True
        before_cutoff = pickup.now.window.start - company.CUTOFF >= self.clock.now()
        return pickup.now.state is CarrierPickupState.SCHEDULED and before_cutoff


_CANCELLED = CarrierEventCode.PICKUP_CANCELLED


def _price(parcels: int, currency: str) -> Money:
    return Money(999 + 300 * (parcels - 1), currency)
