"""What happens to goods on the way, normalized over carriers.

The rank is the ladder of a reverse shipment (spec returns.md 3, "ReverseShipment ranks"): a
projection takes the highest rank seen, so late and repeated events never move it back. Side states
and the pickup's own news stand beside the ladder and carry no rank.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime


class CarrierEventCode(StrEnum):
    """One vocabulary for every carrier; `UNKNOWN` is a scan we store but do not understand."""

    LABEL_CREATED = "LABEL_CREATED"
    COLLECTED = "COLLECTED"
    DROPPED_OFF = "DROPPED_OFF"
    IN_TRANSIT = "IN_TRANSIT"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    DELIVERED = "DELIVERED"
    EXCEPTION = "EXCEPTION"
    LOST = "LOST"
    RETURNED_TO_CUSTOMER = "RETURNED_TO_CUSTOMER"
    VOIDED = "VOIDED"
    EXPIRED = "EXPIRED"
    PICKUP_SCHEDULED = "PICKUP_SCHEDULED"
    OUT_FOR_PICKUP = "OUT_FOR_PICKUP"
    PICKUP_ATTEMPT_FAILED = "PICKUP_ATTEMPT_FAILED"
    PICKUP_CANCELLED = "PICKUP_CANCELLED"
    PICKUP_CANCEL_REJECTED = "PICKUP_CANCEL_REJECTED"
    UNKNOWN = "UNKNOWN"

    @property
    def rank(self) -> int | None:
        """Its rung on the shipment's ladder, or None when it is not on the ladder."""
        return _RANKS.get(self)

    @property
    def is_possession(self) -> bool:
        """Whether the carrier holds (or held) the goods: what T6 and T18 wait for."""
        return self in _POSSESSION

    @property
    def is_side_state(self) -> bool:
        """Whether it puts the shipment beside the ladder (lost, voided and the like)."""
        return self in _SIDE_STATES


_RANKS: Final = {
    CarrierEventCode.LABEL_CREATED: 1,
    CarrierEventCode.COLLECTED: 2,
    CarrierEventCode.DROPPED_OFF: 2,
    CarrierEventCode.IN_TRANSIT: 3,
    CarrierEventCode.OUT_FOR_DELIVERY: 4,
    CarrierEventCode.DELIVERED: 5,
}
"""0 (CREATED) and 6 (RECEIVED) are ours alone: no carrier event reaches them."""

# A side state proves nothing about who held the goods, except that they came back from the carrier.
_POSSESSION: Final = frozenset(
    {
        CarrierEventCode.COLLECTED,
        CarrierEventCode.DROPPED_OFF,
        CarrierEventCode.IN_TRANSIT,
        CarrierEventCode.OUT_FOR_DELIVERY,
        CarrierEventCode.DELIVERED,
        CarrierEventCode.RETURNED_TO_CUSTOMER,
    }
)

_SIDE_STATES: Final = frozenset(
    {
        CarrierEventCode.EXCEPTION,
        CarrierEventCode.LOST,
        CarrierEventCode.RETURNED_TO_CUSTOMER,
        CarrierEventCode.VOIDED,
        CarrierEventCode.EXPIRED,
    }
)


class AttemptFailure(StrEnum):
    """Why a courier left without the goods."""

    CUSTOMER_ABSENT = "CUSTOMER_ABSENT"
    NOT_READY = "NOT_READY"
    BAD_ADDRESS = "BAD_ADDRESS"
    REFUSED_SIZE = "REFUSED_SIZE"
    COURIER_NO_SHOW = "COURIER_NO_SHOW"
    CARRIER_OTHER = "CARRIER_OTHER"

    @property
    def counts_against_customer(self) -> bool:
        """The customer's causes are counted; the carrier's are repeated free (spec 3, Pickup)."""
        return self not in {AttemptFailure.COURIER_NO_SHOW, AttemptFailure.CARRIER_OTHER}


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierEvent:
    """One scan of one parcel. `occurred_at` is UTC, in the carrier's resolution."""

    carrier: str
    tracking_no: str
    native_code: str
    code: CarrierEventCode
    reason: str
    """An `AttemptFailure` on a failed attempt, else the carrier's word or empty."""
    occurred_at: datetime
    location: str
    raw_sha256: str
    """Of the webhook body or of the tracking entry: ties the event to what was received."""
    carrier_pickup_id: str = ""
    """The pickup it belongs to, when the carrier says so; a shipment may see several."""

    def __post_init__(self) -> None:
        """Refuse a naive time: the hash below would depend on the machine."""
        if self.occurred_at.utcoffset() is None:
            raise ValueError("occurred_at must be aware")

    @property
    def unique_key(self) -> str:
        """The natural key of the webhook rule: a scan pushed, repeated or polled keeps its key.

        It takes the native code, since two native scans (into and out of a hub) may share ours.
        """
        moment = self.occurred_at.astimezone(UTC).isoformat()
        parts = (self.carrier, self.tracking_no, self.native_code, moment, self.location)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
