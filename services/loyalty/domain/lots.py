"""Lots: points that were granted together and expire together."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum

from services.loyalty.domain.ledger import Source

NEVER = datetime(9999, 12, 31, tzinfo=UTC)  # sorts after every real instant


class LotState(IntEnum):
    """Life cycle. Numbers below 5 are open: they are what the clock and spending look at."""

    PENDING = 0
    ACTIVE = 1
    EXHAUSTED = 7
    EXPIRED = 8
    CANCELED = 9


@dataclass(slots=True)
class Lot:
    """Points of one grant. Part of its account, whose version guards it.

    `remaining` is not yet spent, expired or taken back, and includes `held`. `activates_at` is None while
    delivery or an open return is awaited; `expires_at` is None while pending, and for points without end.
    """

    lot_id: str
    sequence: int  # of the entry that granted it
    state: LotState
    points: int
    remaining: int
    held: int
    earned_at: datetime
    source: Source
    order_id: str
    activates_at: datetime | None = None
    expires_at: datetime | None = None
    last_valid_date: date | None = None

    @property
    def free(self) -> int:
        """Not held."""
        return self.remaining - self.held

    @property
    def due_at(self) -> datetime:
        """When the clock has something to do with it."""
        due = self.activates_at if self.state is LotState.PENDING else self.expires_at
        return due or NEVER

    def is_spendable(self, now: datetime) -> bool:
        """Whether points of it can be consumed at `now`, to the millisecond (rule R1)."""
        return (
            self.state is LotState.ACTIVE
            and self.remaining > self.held
            and (self.expires_at is None or now < self.expires_at)
        )


def consumption_order(lot: Lot) -> tuple[datetime, datetime, int]:
    """Soonest to expire first, never-expiring last; then earliest earned; then first granted (rule R1)."""
    return (lot.expires_at or NEVER, lot.earned_at, lot.sequence)
