"""The one port to any carrier (spec returns.md 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from services.returns.domain.carriage import (
        Address,
        BookPickup,
        CancelResult,
        Capabilities,
        CarrierCall,
        CarrierLabel,
        CarrierPickup,
        CarrierShipment,
        CreateReturnShipment,
        LabelFormat,
        Lane,
        Parcel,
        Slot,
    )
    from services.returns.domain.carrier_events import CarrierEvent


class CarrierGateway(Protocol):
    """A carrier, spoken to synchronously; use cases reach it through the `offload` port.

    Every method may raise `Transient`, `RateLimited`, `AuthFailed` and `InvalidRequest`; methods
    that change something may raise `OutcomeUnknown`. Nothing here repeats a call by itself.
    """

    @property
    def name(self) -> str:
        """The carrier's name in the registry, in events and in configuration."""

    def capabilities(self, lane: Lane, *, call: CarrierCall) -> Capabilities:
        """What is possible on this lane. Raises `NoCoverage`."""

    def quote_slots(
        self,
        address: Address,
        parcels: Sequence[Parcel],
        *,
        from_date: date,
        days: int,
        call: CarrierCall,
    ) -> tuple[Slot, ...]:
        """Slots still bookable at the address, in order of start. Raises `NoCoverage`."""

    def create_return_shipment(self, command: CreateReturnShipment, *, call: CarrierCall) -> CarrierShipment:
        """Make the shipment and its labels; the same command again gives the same shipment."""

    def void_shipment(self, carrier_shipment_id: str, *, call: CarrierCall) -> None:
        """Take it back; voiding twice is fine. Raises `TooLate` once the goods have moved."""

    def get_label(
        self, carrier_shipment_id: str, label_format: LabelFormat, *, call: CarrierCall
    ) -> tuple[CarrierLabel, ...]:
        """The labels of all parcels in one format. Raises `NotSupported`, `TooLate` when voided."""

    def book_pickup(self, command: BookPickup, *, call: CarrierCall) -> CarrierPickup:
        """Send the courier. Raises `SlotTaken`, `TooLate`.

        After `OutcomeUnknown` look with `find_pickups` before booking again.
        """

    def find_pickups(self, reference: str, *, call: CarrierCall) -> tuple[CarrierPickup, ...]:
        """Pickups booked under our reference, oldest first: settles an unknown outcome."""

    def get_pickup(self, carrier_pickup_id: str, *, call: CarrierCall) -> CarrierPickup:
        """The pickup as the carrier has it now. Raises `NotFound`."""

    def reschedule_pickup(self, carrier_pickup_id: str, slot_id: str, *, call: CarrierCall) -> CarrierPickup:
        """Move it to another slot. Raises `SlotTaken`, `TooLate`, `NotSupported`."""

    def cancel_pickup(self, carrier_pickup_id: str, *, call: CarrierCall) -> CancelResult:
        """Ask the carrier to stay at home; a refusal is an answer, not an error."""

    def track(self, tracking_numbers: Sequence[str], *, call: CarrierCall) -> tuple[CarrierEvent, ...]:
        """Every scan known of these parcels, oldest first; unknown numbers are silently absent."""

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> tuple[CarrierEvent, ...]:
        """Verify and read one push. Touches no network. Raises `BadWebhook`."""
