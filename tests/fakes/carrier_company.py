"""The fake carrier's own books and clock; the port's methods over them are in `carrier_gateway.py`."""

import hashlib
import heapq
import itertools
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.chassis.kernel.clock import FixedClock
from services.chassis.kernel.money import Money
from services.returns.domain import carrier_errors as errors
from services.returns.domain.carriage import (
    BookPickup,
    CarrierLabel,
    CarrierMethod,
    CarrierPickup,
    CarrierPickupState,
    CarrierShipment,
    CreateReturnShipment,
    LabelFormat,
    PickupWindow,
    Slot,
)
from services.returns.domain.carrier_events import CarrierEvent, CarrierEventCode
from tests.fakes.carrier_pushes import Push, push_of
from tests.fakes.carrier_stories import Step, endings_of, visit

CUTOFF = timedelta(hours=2)
WINDOWS = ((10, 13), (12, 15), (14, 17))
_ZONES = {"PL": ("Europe/Warsaw", "PLN"), "DE": ("Europe/Berlin", "EUR")}
_UNSERVED = "99"
_STATES = {
    CarrierEventCode.PICKUP_SCHEDULED: CarrierPickupState.SCHEDULED,
    CarrierEventCode.OUT_FOR_PICKUP: CarrierPickupState.OUT_FOR_PICKUP,
    CarrierEventCode.PICKUP_ATTEMPT_FAILED: CarrierPickupState.ATTEMPT_FAILED,
    CarrierEventCode.COLLECTED: CarrierPickupState.COLLECTED,
    CarrierEventCode.PICKUP_CANCELLED: CarrierPickupState.CANCELLED,
    CarrierEventCode.PICKUP_CANCEL_REJECTED: CarrierPickupState.SCHEDULED,
}


@dataclass(slots=True)
class BookedShipment:
    command: CreateReturnShipment
    made: CarrierShipment
    voided: bool = False
    taken: bool = False
    failed: bool = False
    taken_slot: str = ""


@dataclass(slots=True)
class BookedPickup:
    command: BookPickup
    shipment: BookedShipment
    now: CarrierPickup
    endings: frozenset[str]
    turn: int = 0
    """Grows when the story changes; steps planned before are then dropped."""


@dataclass(order=True, slots=True)
class _Due:
    at: datetime
    order: int
    step: Step = field(compare=False)
    pickup: BookedPickup = field(compare=False)
    turn: int = field(compare=False)


class FakeCompany:
    """Time passes only in `advance`."""

    name = "fake"

    def __init__(self, clock: FixedClock, receiver_clock: FixedClock | None = None) -> None:
        self.clock = clock
        self.receiver_clock = receiver_clock or clock
        self.duplicate = 0
        self.shuffle: int | None = None
        self.fail_next: errors.CarrierError | None = None
        """Raised by the next call, which then does nothing."""
        self.shipments: dict[str, BookedShipment] = {}
        self.pickups: dict[str, BookedPickup] = {}
        self.events: list[CarrierEvent] = []
        self._order = itertools.count(1)
        self._due: list[_Due] = []
        self._pushes: list[Push] = []

    def advance(self, by: timedelta) -> None:
        """Move the clock and let happen what falls due."""
        self.clock.instant += by
        while self._due and self._due[0].at <= self.clock.now():
            due = heapq.heappop(self._due)
            if due.turn == due.pickup.turn:
                self.happen(due.pickup, due.step)

    def pushes(self) -> list[Push]:
        """Webhooks since the last time, duplicated and shuffled as set."""
        pushed, self._pushes = self._pushes, []
        copies = [push for push in pushed for _ in range(1 + self.duplicate)]
        if self.shuffle is not None:
            random.Random(self.shuffle).shuffle(copies)  # noqa: S311 - a reproducible disorder
        return copies

    def enter(self) -> None:
        error, self.fail_next = self.fail_next, None
        if error is not None:
            raise error

    def shipment(self, number: str) -> BookedShipment:
        if number not in self.shipments:
            raise errors.NotFound(f"no shipment {number}")
        return self.shipments[number]

    def pickup(self, number: str) -> BookedPickup:
        if number not in self.pickups:
            raise errors.NotFound(f"no pickup {number}")
        return self.pickups[number]

    def make(self, command: CreateReturnShipment) -> CarrierShipment:
        numbers = tuple(f"FK{next(self._order):010}" for _ in command.parcels)
        formats = command.label_formats
        if command.method is CarrierMethod.HOME_COLLECTION_LABELLESS:
            formats = ()
        made = CarrierShipment(
            carrier_shipment_id=f"FS{next(self._order):06}",
            tracking_numbers=numbers,
            labels=tuple(label(no, wanted) for wanted in formats for no in numbers),
            code=f"{next(self._order):06}",
            expires_at=self.clock.now() + timedelta(days=21),
        )
        self.shipments[made.carrier_shipment_id] = booked = BookedShipment(command, made)
        self._record(booked, Step(self.clock.now(), CarrierEventCode.LABEL_CREATED), "")
        return made

    def book(self, command: BookPickup, shipment: BookedShipment, slot: Slot) -> BookedPickup:
        number = f"FP{next(self._order):06}"
        now = CarrierPickup(
            carrier_pickup_id=number,
            reference=command.reference,
            confirmation=f"C{number}",
            state=CarrierPickupState.SCHEDULED,
            window=PickupWindow(start=slot.start, end=slot.end, tz=slot.tz),
            charge=slot.price,
        )
        for earlier in self.pickups.values():
            if earlier.shipment is shipment:
                earlier.turn += 1  # the new booking replaces the second visit of the old one
        pickup = BookedPickup(command, shipment, now, endings_of(command.reference))
        self.pickups[number] = pickup
        self.plan(pickup, slot)
        return pickup

    def plan(self, pickup: BookedPickup, slot: Slot) -> None:
        pickup.turn += 1
        window = PickupWindow(start=slot.start, end=slot.end, tz=slot.tz)
        pickup.now = replace(pickup.now, window=window)
        self.happen(pickup, Step(self.clock.now(), CarrierEventCode.PICKUP_SCHEDULED))
        self.add_steps(pickup, visit(slot.start, pickup.endings, failed_before=pickup.shipment.failed))

    def add_steps(self, pickup: BookedPickup, steps: list[Step]) -> None:
        for step in steps:
            due = _Due(step.at, next(self._order), step, pickup, pickup.turn)
            heapq.heappush(self._due, due)

    def happen(self, pickup: BookedPickup, step: Step) -> None:
        """Change the pickup, keep and push the scan, and plan a second visit after a failed one."""
        pickup.now = replace(pickup.now, state=_STATES.get(step.code, pickup.now.state))
        pickup.shipment.taken |= step.code.is_possession
        if step.code is CarrierEventCode.PICKUP_CANCELLED:
            pickup.turn += 1
        self._record(pickup.shipment, step, pickup.now.carrier_pickup_id)
        if step.code is CarrierEventCode.PICKUP_ATTEMPT_FAILED:
            pickup.shipment.failed = True
            again = pickup.now.window.start + timedelta(days=1)
            self.add_steps(pickup, visit(again, pickup.endings, failed_before=True))

    def _record(self, shipment: BookedShipment, step: Step, pickup_id: str) -> None:
        events = [
            CarrierEvent(
                carrier=self.name,
                tracking_no=number,
                native_code=step.code,
                code=step.code,
                reason=step.reason,
                occurred_at=step.at,
                location=step.place,
                raw_sha256=hashlib.sha256(f"{number}{step}".encode()).hexdigest(),
                carrier_pickup_id=pickup_id,
            )
            for number in shipment.made.tracking_numbers
        ]
        self.events += events
        self._pushes.append(push_of(events, self.receiver_clock.now()))


def zone_of(country: str, postal_code: str, field_name: str = "postal_code") -> tuple[str, str]:
    """Zone and currency of a served place."""
    if country not in _ZONES or postal_code.startswith(_UNSERVED):
        raise errors.NoCoverage(f"{country} {postal_code} is not served")
    if not postal_code.replace("-", "").isdigit():
        raise errors.InvalidRequest("postal code", field=field_name)
    return _ZONES[country]


def slot_on(day: date, hours: tuple[int, int], tz: str, price: Money) -> Slot:
    """Ordered until 18:00 the day before."""

    def at(when: date, hour: int) -> datetime:
        return datetime.combine(when, time(hour), tzinfo=ZoneInfo(tz)).astimezone(UTC)

    return Slot(
        id=f"{day}T{hours[0]}-{hours[1]}",
        start=at(day, hours[0]),
        end=at(day, hours[1]),
        tz=tz,
        price=price,
        cutoff=at(day - timedelta(days=1), 18),
    )


def label(tracking_no: str, label_format: LabelFormat) -> CarrierLabel:
    """Just enough to look like one."""
    start = {LabelFormat.PDF: "%PDF-1.4", LabelFormat.ZPL: "^XA^BC^BQ"}[label_format]
    content = f"{start} {tracking_no}".encode()
    return CarrierLabel(tracking_no=tracking_no, format=label_format, content=content)
