"""Time as a port: services read the clock here and nowhere else."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present instant: aware, UTC, whole milliseconds (what MongoDB keeps)."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """See `Clock.now`."""
        return to_millisecond(datetime.now(UTC))


class FixedClock:
    """A clock for tests and simulations: it stands until it is moved."""

    def __init__(self, instant: datetime) -> None:
        self.instant = to_millisecond(instant)

    def now(self) -> datetime:
        """See `Clock.now`."""
        return self.instant


def to_millisecond(instant: datetime) -> datetime:
    """The instant in UTC, cut to whole milliseconds, so that what is stored equals what was decided."""
    instant = instant.astimezone(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
