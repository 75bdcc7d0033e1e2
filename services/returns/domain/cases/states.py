"""Where the goods, the money, a unit, a pickup and a parcel can stand (spec returns.md 4.2)."""

from enum import StrEnum


class CaseState(StrEnum):
    """Where the goods of a return are."""

    REQUESTED = "REQUESTED"
    NEEDS_INFO = "NEEDS_INFO"
    APPROVED = "APPROVED"
    IN_TRANSIT = "IN_TRANSIT"
    PARTIALLY_RECEIVED = "PARTIALLY_RECEIVED"
    RECEIVED = "RECEIVED"
    INSPECTED = "INSPECTED"
    CLOSED = "CLOSED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"


class SettlementState(StrEnum):
    """Where the money is."""

    NONE = "NONE"
    SCHEDULED = "SCHEDULED"
    IN_PROGRESS = "IN_PROGRESS"
    PARTIAL = "PARTIAL"
    SETTLED = "SETTLED"
    FAILED = "FAILED"
    RECOVERY_DUE = "RECOVERY_DUE"


class Reception(StrEnum):
    """What the warehouse has seen of a unit."""

    EXPECTED = "EXPECTED"
    RECEIVED = "RECEIVED"


class Decision(StrEnum):
    """What the warehouse decided on a unit."""

    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    ACCEPTED_REDUCED = "ACCEPTED_REDUCED"
    REJECTED = "REJECTED"


class Disposition(StrEnum):
    """Where a unit goes."""

    UNSPECIFIED = "UNSPECIFIED"
    RESTOCK = "RESTOCK"
    OPEN_BOX = "OPEN_BOX"
    REFURBISH = "REFURBISH"
    RETURN_TO_VENDOR = "RETURN_TO_VENDOR"
    RECYCLE = "RECYCLE"
    DONATE = "DONATE"
    QUARANTINE = "QUARANTINE"
    SEND_BACK = "SEND_BACK"


class PickupState(StrEnum):
    """The courier's visit as we see it."""

    REQUESTED = "REQUESTED"
    BOOKING_UNKNOWN = "BOOKING_UNKNOWN"
    BOOKING_FAILED = "BOOKING_FAILED"
    SCHEDULED = "SCHEDULED"
    COLLECTED = "COLLECTED"
    ATTEMPT_FAILED = "ATTEMPT_FAILED"
    CANCEL_REQUESTED = "CANCEL_REQUESTED"
    CANCELLED = "CANCELLED"


class ShipmentState(StrEnum):
    """The parcel; the first seven are rungs of a ladder, in order (rank 0 to 6)."""

    CREATED = "CREATED"
    LABEL_READY = "LABEL_READY"
    HANDED_OVER = "HANDED_OVER"
    IN_TRANSIT = "IN_TRANSIT"
    OUT_FOR_DELIVERY = "OUT_FOR_DELIVERY"
    DELIVERED = "DELIVERED"
    RECEIVED = "RECEIVED"
    LOST = "LOST"
    EXCEPTION = "EXCEPTION"
