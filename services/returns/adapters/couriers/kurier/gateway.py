"""`CarrierGateway` for Kurier."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

from pydantic import ValidationError

from services.chassis.kernel.errors import AftercareError
from services.returns.adapters.couriers.kurier import answers, mapping
from services.returns.adapters.couriers.kurier.signature import verify
from services.returns.adapters.couriers.kurier.wire import Countdown, KurierWire
from services.returns.domain.carriage import (
    CancelOutcome,
    CancelResult,
    CarrierLabel,
    CarrierMethod,
    CarrierShipment,
)
from services.returns.domain.carrier_errors import (
    BadWebhook,
    NotSupported,
    OutcomeUnknown,
    TooLate,
    Transient,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from services.chassis.kernel.clock import Clock
    from services.returns.adapters.couriers.settings import CarrierSettings
    from services.returns.domain.carriage import (
        Address,
        BookPickup,
        Capabilities,
        CarrierCall,
        CarrierPickup,
        CreateReturnShipment,
        LabelFormat,
        Lane,
        Parcel,
        Slot,
    )
    from services.returns.domain.carrier_events import CarrierEvent

    Native = TypeVar("Native")
    Ours = TypeVar("Ours")

_MAX_NOTICE: Final = 1024 * 1024
_NOT_OURS: Final = (ValueError, KeyError, AftercareError)
"""What the mapping raises for a zone, phase, amount or currency that we do not know."""


class KurierGateway:
    """Conforms to `CarrierGateway`, whose docstrings bind. One pool of connections; close it at the end."""

    name: Final = mapping.CARRIER

    def __init__(self, settings: CarrierSettings, clock: Clock) -> None:
        self._wire = KurierWire(settings)
        self._secrets = settings.webhook_secrets
        self._clock = clock

    def close(self) -> None:
        """Close the pool."""
        self._wire.close()

    def capabilities(self, lane: Lane, *, call: CarrierCall) -> Capabilities:
        """GET /v2/coverage."""
        params = {
            "fromCountry": lane.origin_country,
            "fromZip": lane.origin_postal_code,
            "toCountry": lane.destination_country,
        }
        found = self._wire.ask(answers.Coverage, "/v2/coverage", call=call, params=params)
        return mapping.capabilities(found)

    def quote_slots(
        self,
        address: Address,
        parcels: Sequence[Parcel],
        *,
        from_date: date,
        days: int,
        call: CarrierCall,
    ) -> tuple[Slot, ...]:
        """GET /v2/terms."""
        params = {
            "country": address.country,
            "zip": address.postal_code,
            "dayFrom": from_date.isoformat(),
            "dayTo": (from_date + timedelta(days=days - 1)).isoformat(),
            "pieces": str(len(parcels)),
        }
        found = self._wire.ask(answers.Terms, "/v2/terms", call=call, params=params)
        return tuple(_mapped(mapping.slot, term, changes=False) for term in found.terms)

    def create_return_shipment(self, command: CreateReturnShipment, *, call: CarrierCall) -> CarrierShipment:
        """POST /v2/consignments, then its papers; a failed paper is fetched by asking again."""
        if command.method not in mapping.PRODUCTS:
            raise NotSupported(f"Kurier has no {command.method}")
        formats = command.label_formats
        if command.method is CarrierMethod.HOME_COLLECTION_LABELLESS:
            formats = ()  # the driver brings the label
        for label_format in formats:
            _paper_kind(label_format)  # refuse before anything is made
        countdown = Countdown(call)
        body = mapping.consignment_order(command)
        made = self._wire.tell(answers.Consignment, "/v2/consignments", call=countdown.next_call(), body=body)
        labels = [label for wanted in formats for label in self._papers(made.waybills, wanted, countdown)]
        return CarrierShipment(
            carrier_shipment_id=made.consignment_no,
            tracking_numbers=made.waybills,
            labels=tuple(labels),
            code=made.handover_code,
            expires_at=_mapped(mapping.instant, made.valid_till, changes=True),
        )

    def void_shipment(self, carrier_shipment_id: str, *, call: CarrierCall) -> None:
        """DELETE /v2/consignments/{no}."""
        path = f"/v2/consignments/{_part(carrier_shipment_id)}"
        self._wire.tell(answers.Consignment, path, call=call, method="DELETE")

    def get_label(
        self, carrier_shipment_id: str, label_format: LabelFormat, *, call: CarrierCall
    ) -> tuple[CarrierLabel, ...]:
        """GET /v2/consignments/{no}, then /v2/waybills/{no}/paper of each piece."""
        _paper_kind(label_format)
        countdown = Countdown(call)
        path = f"/v2/consignments/{_part(carrier_shipment_id)}"
        found = self._wire.ask(answers.Consignment, path, call=countdown.next_call())
        return tuple(self._papers(found.waybills, label_format, countdown))

    def book_pickup(self, command: BookPickup, *, call: CarrierCall) -> CarrierPickup:
        """POST /v2/collections, once."""
        body = {
            "yourRef": command.reference,
            "consignmentNo": command.carrier_shipment_id,
            "termId": command.slot_id,
            "notes": command.instructions,
        }
        booked = self._wire.tell(answers.Collection, "/v2/collections", call=call, body=body)
        return _mapped(mapping.pickup, booked, changes=True)

    def find_pickups(self, reference: str, *, call: CarrierCall) -> tuple[CarrierPickup, ...]:
        """GET /v2/collections?yourRef=."""
        params = {"yourRef": reference}
        found = self._wire.ask(answers.Collections, "/v2/collections", call=call, params=params)
        return tuple(_mapped(mapping.pickup, each, changes=False) for each in found.collections)

    def get_pickup(self, carrier_pickup_id: str, *, call: CarrierCall) -> CarrierPickup:
        """GET /v2/collections/{no}."""
        path = f"/v2/collections/{_part(carrier_pickup_id)}"
        found = self._wire.ask(answers.Collection, path, call=call)
        return _mapped(mapping.pickup, found, changes=False)

    def reschedule_pickup(self, carrier_pickup_id: str, slot_id: str, *, call: CarrierCall) -> CarrierPickup:
        """POST /v2/collections/{no}/term."""
        path = f"/v2/collections/{_part(carrier_pickup_id)}/term"
        moved = self._wire.tell(answers.Collection, path, call=call, body={"termId": slot_id})
        return _mapped(mapping.pickup, moved, changes=True)

    def cancel_pickup(self, carrier_pickup_id: str, *, call: CarrierCall) -> CancelResult:
        """POST /v2/collections/{no}/withdraw."""
        path = f"/v2/collections/{_part(carrier_pickup_id)}/withdraw"
        try:
            answer = self._wire.tell(answers.Withdrawal, path, call=call)
        except TooLate as refusal:
            return CancelResult(outcome=CancelOutcome.REJECTED, reason=refusal.message)
        done = answer.outcome == "WITHDRAWN"
        return CancelResult(outcome=CancelOutcome.CANCELLED if done else CancelOutcome.PENDING)

    def track(self, tracking_numbers: Sequence[str], *, call: CarrierCall) -> tuple[CarrierEvent, ...]:
        """GET /v2/track."""
        if not tracking_numbers:
            return ()
        params = {"waybills": ",".join(tracking_numbers)}
        found = self._wire.ask(answers.Scans, "/v2/track", call=call, params=params)
        events = [_mapped(lambda s: mapping.event(s, _raw(s)), scan, changes=False) for scan in found.scans]
        return tuple(sorted(events, key=lambda event: event.occurred_at))

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> tuple[CarrierEvent, ...]:
        """A notice: verified first, read second."""
        if len(body) > _MAX_NOTICE:
            raise BadWebhook("the notice is too long")
        verify(headers, body, secrets=self._secrets, now=self._clock.now())
        try:
            notice = answers.Scans.model_validate_json(body)
            return tuple(mapping.event(scan, body) for scan in notice.scans)
        except (ValidationError, *_NOT_OURS) as error:
            raise BadWebhook("the notice cannot be read") from error

    def _papers(
        self, waybills: Sequence[str], label_format: LabelFormat, countdown: Countdown
    ) -> list[CarrierLabel]:
        params = {"kind": _paper_kind(label_format)}
        labels = []
        for waybill in waybills:
            path = f"/v2/waybills/{_part(waybill)}/paper"
            reply = self._wire.send("GET", path, call=countdown.next_call(), params=params)
            labels.append(CarrierLabel(tracking_no=waybill, format=label_format, content=reply.body))
        return labels


def _mapped(read: Callable[[Native], Ours], native: Native, *, changes: bool) -> Ours:
    """Read an answer that has the right form and may still have the wrong content."""
    try:
        return read(native)
    except _NOT_OURS as error:
        text = f"Kurier's answer cannot be read: {error}"
        raise (OutcomeUnknown(text) if changes else Transient(text)) from error


def _paper_kind(label_format: LabelFormat) -> str:
    if label_format not in mapping.PAPERS:
        raise NotSupported(f"Kurier prints no {label_format}")
    return mapping.PAPERS[label_format]


def _part(text: str) -> str:
    """One part of a path, whatever was stored as an id: no slash of it may reach another route."""
    return quote(text, safe="")


def _raw(scan: answers.Scan) -> bytes:
    return json.dumps(scan.model_dump(mode="json", by_alias=True), sort_keys=True).encode()
