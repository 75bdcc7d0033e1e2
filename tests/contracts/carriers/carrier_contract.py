"""What every `CarrierGateway` must do. A carrier's suite subclasses the classes with its own `world`."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from services.returns.application.ports.carrier_gateway import CarrierGateway
from services.returns.domain.carriage import (
    Address,
    BookPickup,
    CarrierCall,
    CarrierMethod,
    CarrierPickup,
    CarrierShipment,
    CreateReturnShipment,
    LabelFormat,
    Lane,
    Parcel,
    Slot,
)
from services.returns.domain.carrier_events import CarrierEvent

CALL = CarrierCall(deadline=timedelta(seconds=5), idempotency_key="contract-1")
SHORT_CALL = CarrierCall(deadline=timedelta(seconds=0.6), idempotency_key="contract-2")
CUSTOMER = Address(
    name="Łucja Żółć",
    street="ul. Świętokrzyska 1/2",
    postal_code="00-950",
    city="Warszawa",
    country="PL",
    phone="+48 600 100 200",
    email="lucja@example.com",
)
WAREHOUSE = Address(
    name="Magazyn zwrotów",
    company="Sklep sp. z o.o.",
    street="Hala 3",
    postal_code="90-001",
    city="Łódź",
    country="PL",
)
PARCEL = Parcel(weight_grams=2_345, length_mm=405, width_mm=300, height_mm=150)
LANE = Lane(origin_country="PL", origin_postal_code="00-950", destination_country="PL")


class CarrierWorld(Protocol):
    """A gateway and the strings of the carrier behind it; the clock starts Monday 2026-11-16 09:00 UTC."""

    gateway: CarrierGateway

    def now(self) -> datetime: ...

    def advance(self, by: timedelta) -> None:
        """Let the carrier's time pass and its webhooks arrive."""

    def pushes(self) -> list[tuple[Mapping[str, str], bytes]]:
        """Webhooks received since the last time."""

    def disorder(self, *, duplicate: int, shuffle: int | None) -> None:
        """From now on every webhook comes `1 + duplicate` times and batches are mixed."""

    def shift_receiver(self, by: timedelta) -> None:
        """Move the clock against which the gateway checks a webhook's age."""


def order(
    reference: str,
    *,
    parcels: tuple[Parcel, ...] = (PARCEL,),
    method: CarrierMethod = CarrierMethod.HOME_PICKUP_WITH_LABEL,
    formats: tuple[LabelFormat, ...] = (LabelFormat.PDF,),
    sender: Address = CUSTOMER,
) -> CreateReturnShipment:
    return CreateReturnShipment(
        reference=reference,
        method=method,
        sender=sender,
        recipient=WAREHOUSE,
        parcels=parcels,
        label_formats=formats,
    )


def slots(world: CarrierWorld, *, days: int = 5) -> tuple[Slot, ...]:
    return world.gateway.quote_slots(CUSTOMER, [PARCEL], from_date=world.now().date(), days=days, call=CALL)


def shipment(world: CarrierWorld, reference: str = "RMA-1", parcels: int = 1) -> CarrierShipment:
    command = order(reference, parcels=(PARCEL,) * parcels)
    return world.gateway.create_return_shipment(command, call=CALL)


def booking(made: CarrierShipment, slot: Slot, reference: str) -> BookPickup:
    return BookPickup(
        reference=reference,
        carrier_shipment_id=made.carrier_shipment_id,
        slot_id=slot.id,
        instructions="domofon 12",
    )


def booked(
    world: CarrierWorld, reference: str = "pickup/1", *, parcels: int = 1
) -> tuple[CarrierShipment, CarrierPickup]:
    made = shipment(world, parcels=parcels)
    command = booking(made, slots(world)[0], reference)
    return made, world.gateway.book_pickup(command, call=CALL)


def pushed(world: CarrierWorld) -> list[CarrierEvent]:
    """Events out of the webhooks received since the last time."""
    return [event for headers, body in world.pushes() for event in world.gateway.parse_webhook(headers, body)]


def codes(events: list[CarrierEvent] | tuple[CarrierEvent, ...]) -> list[str]:
    return [event.code.value for event in events]


def is_utc(moment: datetime) -> bool:
    return moment.utcoffset() == UTC.utcoffset(None)
