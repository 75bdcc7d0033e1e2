"""The parcel on its way back, and what scans make of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from services.returns.domain.carrier_events import CarrierEvent, CarrierEventCode
from services.returns.domain.cases.states import ShipmentState

RECEIVED_RANK: Final = 6
_LADDER: Final = (
    ShipmentState.CREATED,
    ShipmentState.LABEL_READY,
    ShipmentState.HANDED_OVER,
    ShipmentState.IN_TRANSIT,
    ShipmentState.OUT_FOR_DELIVERY,
    ShipmentState.DELIVERED,
    ShipmentState.RECEIVED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """A parcel. `rank` is its highest rung so far; `side` stands beside the ladder (LOST, EXCEPTION)."""

    shipment_id: str
    carrier: str
    tracking_number: str
    rank: int = 0
    rank_at: datetime | None = None
    side: ShipmentState | None = None
    side_at: datetime | None = None

    @property
    def state(self) -> ShipmentState:
        """Where it is: the warehouse's word beats all, then a side state, then the ladder."""
        if self.side is not None and self.rank < RECEIVED_RANK:
            return self.side
        return _LADDER[self.rank]

    def received(self, now: datetime) -> "Shipment":
        """Scanned in by the warehouse."""
        return replace(self, rank=RECEIVED_RANK, rank_at=now, side=None)


def project(shipment: Shipment, event: CarrierEvent) -> tuple[Shipment, bool]:
    """The shipment after a scan, and whether the scan came late (it is kept, but moves nothing back)."""
    rank = event.code.rank
    if rank is not None:
        return _climb(shipment, event, rank)
    if not event.code.is_side_state:
        return shipment, False
    newest = max((at for at in (shipment.rank_at, shipment.side_at) if at is not None), default=None)
    if newest is not None and event.occurred_at < newest:
        return shipment, True
    side = ShipmentState.LOST if event.code is CarrierEventCode.LOST else ShipmentState.EXCEPTION
    return replace(shipment, side=side, side_at=event.occurred_at), False


def _climb(shipment: Shipment, event: CarrierEvent, rank: int) -> tuple[Shipment, bool]:
    cleared = shipment
    if shipment.side_at is not None and event.occurred_at > shipment.side_at:
        cleared = replace(shipment, side=None, side_at=None)  # it was found, or went on
    if rank < shipment.rank:
        return cleared, True
    if rank > shipment.rank:
        return replace(cleared, rank=rank, rank_at=event.occurred_at), False
    # A tie goes to the later scan.
    at = max((at for at in (shipment.rank_at, event.occurred_at) if at is not None), default=None)
    return replace(cleared, rank_at=at), False
