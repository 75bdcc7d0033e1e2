"""Points held for a purchase that is being paid (rule R5)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

DEFAULT_SECONDS = 900
LIVE_LIMIT = 100  # a page that reserves again and again must not grow the account without bound


class ReservationState(StrEnum):
    """Life cycle."""

    HELD = "HELD"
    COMMITTED = "COMMITTED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"


@dataclass(slots=True)
class Share:
    """Points of one lot that a reservation holds, then spent, then got back by returns."""

    lot_id: str
    held: int
    spent: int = 0
    restored: int = 0


@dataclass(slots=True)
class Reservation:
    """A hold on named lots, in the order in which they are consumed. Part of its account.

    `committed_sequence` is the ledger sequence of its commit: restores go backwards by it.
    """

    reservation_id: str
    order_id: str
    points: int
    state: ReservationState
    expires_at: datetime
    shares: list[Share] = field(default_factory=list)
    committed_points: int = 0
    committed_sequence: int = 0
