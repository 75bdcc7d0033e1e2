"""Carriage in our words: what any carrier is asked and what it answers (spec returns.md 3.4).

Times are aware; a `Slot` also carries the IANA zone in which the customer reads it. Weights are
grams, lengths millimetres, money `Money`. What happens on the way is in `carrier_events.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from services.chassis.kernel.money import Money


class CarrierMethod(StrEnum):
    """How the goods get from the customer to the carrier."""

    HOME_PICKUP_WITH_LABEL = "HOME_PICKUP_WITH_LABEL"
    HOME_COLLECTION_LABELLESS = "HOME_COLLECTION_LABELLESS"
    DROP_OFF = "DROP_OFF"
    LOCKER_CODE = "LOCKER_CODE"
    IN_STORE = "IN_STORE"


class LabelFormat(StrEnum):
    """What a label is printed from."""

    PDF = "PDF"
    ZPL = "ZPL"
    PNG = "PNG"


class CarrierPickupState(StrEnum):
    """A pickup as the carrier sees it; our own aggregate also counts attempts and rows."""

    REQUESTED = "REQUESTED"
    SCHEDULED = "SCHEDULED"
    OUT_FOR_PICKUP = "OUT_FOR_PICKUP"
    COLLECTED = "COLLECTED"
    ATTEMPT_FAILED = "ATTEMPT_FAILED"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCELLED = "CANCELLED"
    BOOKING_FAILED = "BOOKING_FAILED"


class CancelOutcome(StrEnum):
    """The carrier's answer to a cancellation: done, asked for (an event will tell), or refused."""

    CANCELLED = "CANCELLED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierCall:
    """What accompanies every call that leaves the house."""

    deadline: timedelta
    """The longest the whole call may take, from its start."""
    idempotency_key: str
    """Handed on where the carrier has a place for it; elsewhere it only correlates logs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """From where to where; countries are ISO 3166-1 alpha-2."""

    origin_country: str
    origin_postal_code: str
    destination_country: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A place and its person. `street` is the line as entered; the parsed parts are optional."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str
    phone: str = ""
    email: str = ""
    company: str = ""
    street_name: str = ""
    house_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One box, closed."""

    weight_grams: int
    length_mm: int
    width_mm: int
    height_mm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A window in which the courier comes; `tz` is the IANA zone of the place."""

    id: str
    start: datetime
    end: datetime
    tz: str
    price: Money
    cutoff: datetime
    """The last moment to book it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What the carrier can do on one lane; an unserved lane raises `NoCoverage` instead."""

    methods: frozenset[CarrierMethod]
    label_formats: frozenset[LabelFormat]
    reschedule: bool
    cancel_cutoff: timedelta
    """How long before the window's start a pickup can still be cancelled."""
    slot_discovery: bool
    max_weight_grams: int
    max_length_mm: int
    max_width_mm: int
    max_height_mm: int
    max_attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateReturnShipment:
    """Make a shipment from the customer to the warehouse; `reference` is ours, one per shipment."""

    reference: str
    method: CarrierMethod
    sender: Address
    recipient: Address
    parcels: tuple[Parcel, ...]
    label_formats: tuple[LabelFormat, ...] = (LabelFormat.PDF,)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierLabel:
    """One printable label of one parcel."""

    tracking_no: str
    format: LabelFormat
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierShipment:
    """What the carrier made of it; `code` is shown at a counter when there is no label."""

    carrier_shipment_id: str
    tracking_numbers: tuple[str, ...]
    labels: tuple[CarrierLabel, ...]
    code: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPickup:
    """Send the courier; `reference` is ours, one per booking, and finds it after a lost answer."""

    reference: str
    carrier_shipment_id: str
    slot_id: str
    instructions: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupWindow:
    """When the courier comes, with the IANA zone of the place."""

    start: datetime
    end: datetime
    tz: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierPickup:
    """A pickup on the carrier's books."""

    carrier_pickup_id: str
    reference: str
    confirmation: str
    state: CarrierPickupState
    window: PickupWindow
    charge: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelResult:
    """The outcome; `reason` is the carrier's word when it refused, for the agent to read."""

    outcome: CancelOutcome
    reason: str = ""
