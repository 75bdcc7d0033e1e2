"""What Kurier keeps: consignments with their scans, and the collections ordered for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Any

from deploy.standins.courier.company.network import AREAS
from deploy.standins.courier.company.terms import rendered_fee

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal
    from zoneinfo import ZoneInfo

    from deploy.standins.courier.api.bodies import NewCollection, NewConsignment
    from deploy.standins.courier.company.scripts import Script
    from deploy.standins.courier.company.terms import Term


def local_time(moment: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Kurier writes local time; `summer` tells the two 02:30 of an October night apart."""
    local = moment.astimezone(zone)
    return {
        "at": local.replace(tzinfo=None).isoformat(timespec="seconds"),
        "zone": zone.key,
        "summer": bool(local.dst()),
    }


@dataclass(frozen=True, slots=True)
class Scan:
    """One reading of one waybill."""

    waybill: str
    code: str
    cause: str
    at: datetime
    zone: ZoneInfo
    place: str
    collection_no: str

    def rendered(self) -> dict[str, Any]:
        return {
            "waybill": self.waybill,
            "code": self.code,
            "cause": self.cause or None,
            **local_time(self.at, self.zone),
            "place": self.place or None,
            "collectionNo": self.collection_no or None,
        }


@dataclass(slots=True)
class Consignment:
    """Pieces that travel together, each under its waybill."""

    number: str
    order: NewConsignment
    waybills: tuple[str, ...]
    handover_code: str
    valid_till: datetime
    voided: bool = False
    taken: bool = False
    failed_visits: int = 0
    scans: list[Scan] = field(default_factory=list)

    @property
    def zone(self) -> ZoneInfo:
        return AREAS[self.order.shipper.country].zone

    def rendered(self) -> dict[str, Any]:
        return {
            "consignmentNo": self.number,
            "yourRef": self.order.your_ref,
            "product": self.order.product,
            "waybills": list(self.waybills),
            "handoverCode": self.handover_code,
            "validTill": local_time(self.valid_till, self.zone),
            "voided": self.voided,
        }


@dataclass(slots=True)
class Collection:
    """A driver's visit. `turn` grows when the story changes, which silences the steps planned before."""

    number: str
    order: NewCollection
    consignment: Consignment
    term: Term
    fee: Decimal
    confirmation: str
    script: Script
    phase: str = "Z1"
    turn: int = 0

    @property
    def your_ref(self) -> str:
        return self.order.your_ref

    def rendered(self) -> dict[str, Any]:
        return {
            "collectionNo": self.number,
            "yourRef": self.your_ref,
            "consignmentNo": self.consignment.number,
            "confirmation": self.confirmation,
            "phase": self.phase,
            "day": self.term.day.isoformat(),
            "from": f"{self.term.from_hour:02}:00",
            "till": f"{self.term.till_hour:02}:00",
            "zone": self.term.area.zone.key,
            "fee": rendered_fee(self.term.area, self.fee),
        }


def utc_text(moment: datetime) -> str:
    """For the controls, which are ours and not Kurier's."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
