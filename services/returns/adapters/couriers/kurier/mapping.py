"""Kurier's words into ours and back. Pure: no wire, no clock."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from services.chassis.kernel.money import Money, exponent
from services.returns.domain.carriage import (
    Address,
    Capabilities,
    CarrierMethod,
    CarrierPickup,
    CarrierPickupState,
    CreateReturnShipment,
    LabelFormat,
    PickupWindow,
    Slot,
)
from services.returns.domain.carrier_events import AttemptFailure, CarrierEvent, CarrierEventCode

if TYPE_CHECKING:
    from services.returns.adapters.couriers.kurier import answers

CARRIER: Final = "kurier"

PRODUCTS: Final = {
    CarrierMethod.HOME_PICKUP_WITH_LABEL: "ODB-ETYK",
    CarrierMethod.HOME_COLLECTION_LABELLESS: "ODB-BEZ",
    CarrierMethod.DROP_OFF: "PUNKT",
}
PAPERS: Final = {LabelFormat.PDF: "pdf_a6", LabelFormat.ZPL: "zpl_203"}

PHASES: Final = {
    "Z0": CarrierPickupState.REQUESTED,
    "Z1": CarrierPickupState.SCHEDULED,
    "Z2": CarrierPickupState.OUT_FOR_PICKUP,
    "Z3": CarrierPickupState.COLLECTED,
    "Z4": CarrierPickupState.ATTEMPT_FAILED,
    "Z7": CarrierPickupState.CANCEL_REQUESTED,
    "Z8": CarrierPickupState.CANCELLED,
    "Z9": CarrierPickupState.BOOKING_FAILED,
}

CODES: Final = {
    "K00": CarrierEventCode.LABEL_CREATED,
    "K05": CarrierEventCode.PICKUP_SCHEDULED,
    "K10": CarrierEventCode.OUT_FOR_PICKUP,
    "K19": CarrierEventCode.PICKUP_ATTEMPT_FAILED,
    "K20": CarrierEventCode.COLLECTED,
    "K21": CarrierEventCode.DROPPED_OFF,
    "K30": CarrierEventCode.IN_TRANSIT,
    "K31": CarrierEventCode.IN_TRANSIT,
    "K40": CarrierEventCode.OUT_FOR_DELIVERY,
    "K50": CarrierEventCode.DELIVERED,
    "K60": CarrierEventCode.EXCEPTION,
    "K70": CarrierEventCode.LOST,
    "K80": CarrierEventCode.RETURNED_TO_CUSTOMER,
    "K90": CarrierEventCode.VOIDED,
    "K91": CarrierEventCode.EXPIRED,
    "K95": CarrierEventCode.PICKUP_CANCELLED,
    "K96": CarrierEventCode.PICKUP_CANCEL_REJECTED,
}

CAUSES: Final = {
    "N1": AttemptFailure.CUSTOMER_ABSENT,
    "N2": AttemptFailure.NOT_READY,
    "N3": AttemptFailure.BAD_ADDRESS,
    "N4": AttemptFailure.REFUSED_SIZE,
    "N5": AttemptFailure.COURIER_NO_SHOW,
}
"""Any other cause is CARRIER_OTHER: not knowing must not count against the customer."""


def instant(local: answers.LocalTime) -> datetime:
    """The UTC instant of a local time, choosing the right one of an hour that comes twice."""
    moment = local.at.replace(tzinfo=ZoneInfo(local.zone))
    if bool(moment.dst()) != local.summer:
        moment = moment.replace(fold=1)
    return moment.astimezone(UTC)


def money(fee: answers.Fee) -> Money:
    """Exact minor units; a fraction of a minor unit is an unreadable answer (`ValueError`)."""
    minor = fee.gross.scaleb(exponent(fee.ccy))
    if minor != minor.to_integral_value() or minor < 0:
        raise ValueError(f"{fee.gross} is not an amount of {fee.ccy}")
    return Money(int(minor), fee.ccy)


def capabilities(coverage: answers.Coverage) -> Capabilities:
    """Only what both sides know: a new product of Kurier's is invisible until mapped."""
    size = coverage.limits.cm
    return Capabilities(
        methods=frozenset(m for m, product in PRODUCTS.items() if product in coverage.products),
        label_formats=frozenset(f for f, paper in PAPERS.items() if paper in coverage.papers),
        reschedule=coverage.term_change,
        cancel_cutoff=timedelta(minutes=coverage.withdraw_minutes_before),
        slot_discovery=coverage.term_lookup,
        max_weight_grams=int(coverage.limits.kg * 1000),
        max_length_mm=int(size.length * 10),
        max_width_mm=int(size.width * 10),
        max_height_mm=int(size.height * 10),
        max_attempts=coverage.driver_visits,
    )


def _at(day: date, hour: time, zone: str) -> datetime:
    return datetime.combine(day, hour, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def slot(term: answers.Term) -> Slot:
    """A term as a slot."""
    return Slot(
        id=term.term_id,
        start=_at(term.day, term.from_, term.zone),
        end=_at(term.day, term.till, term.zone),
        tz=term.zone,
        price=money(term.fee),
        cutoff=term.order_by.replace(tzinfo=ZoneInfo(term.zone)).astimezone(UTC),
    )


def pickup(collection: answers.Collection) -> CarrierPickup:
    """A collection as a pickup. An unknown phase raises `KeyError`: its meaning is not to be guessed."""
    return CarrierPickup(
        carrier_pickup_id=collection.collection_no,
        reference=collection.your_ref,
        confirmation=collection.confirmation,
        state=PHASES[collection.phase],
        window=PickupWindow(
            start=_at(collection.day, collection.from_, collection.zone),
            end=_at(collection.day, collection.till, collection.zone),
            tz=collection.zone,
        ),
        charge=money(collection.fee),
    )


def event(scan: answers.Scan, raw: bytes) -> CarrierEvent:
    """A scan as an event; an unknown code becomes UNKNOWN, since scans must never be lost."""
    code = CODES.get(scan.code, CarrierEventCode.UNKNOWN)
    reason = scan.cause or ""
    if code is CarrierEventCode.PICKUP_ATTEMPT_FAILED:
        reason = CAUSES.get(reason, AttemptFailure.CARRIER_OTHER)
    return CarrierEvent(
        carrier=CARRIER,
        tracking_no=scan.waybill,
        native_code=scan.code,
        code=code,
        reason=reason,
        occurred_at=instant(scan),
        location=scan.place or "",
        raw_sha256=hashlib.sha256(raw).hexdigest(),
        carrier_pickup_id=scan.collection_no or "",
    )


def consignment_order(command: CreateReturnShipment) -> dict[str, Any]:
    """The body of POST /v2/consignments."""
    return {
        "yourRef": command.reference,
        "product": PRODUCTS[command.method],
        "shipper": _party(command.sender),
        "consignee": _party(command.recipient),
        "pieces": [
            {
                "kg": str(Decimal(parcel.weight_grams).scaleb(-3)),
                "cm": {
                    "length": str(Decimal(parcel.length_mm).scaleb(-1)),
                    "width": str(Decimal(parcel.width_mm).scaleb(-1)),
                    "height": str(Decimal(parcel.height_mm).scaleb(-1)),
                },
            }
            for parcel in command.parcels
        ],
    }


def _party(address: Address) -> dict[str, str]:
    return {
        "name": address.name,
        "firm": address.company,
        "line1": address.street,
        "zip": address.postal_code,
        "town": address.city,
        "country": address.country,
        "phone": address.phone,
        "mail": address.email,
    }
