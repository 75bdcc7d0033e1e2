"""Kurier's clock: real time plus what `/_control/advance` added, or standing still for tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class VirtualClock:
    """Whole seconds, since Kurier's API knows nothing finer."""

    def __init__(self, frozen_at: datetime | None = None) -> None:
        self._frozen_at = frozen_at
        self._offset = timedelta()

    @property
    def is_frozen(self) -> bool:
        return self._frozen_at is not None

    def now(self) -> datetime:
        """The moment in UTC."""
        start = self._frozen_at or datetime.now(UTC)
        return (start + self._offset).replace(microsecond=0)

    def advance(self, by: timedelta) -> datetime:
        """Move forward; never back, as nothing that was told can be untold."""
        if by < timedelta():
            raise ValueError("the clock only moves forward")
        self._offset += by
        return self.now()

    def reset(self) -> None:
        """Back to the start (frozen) or to real time."""
        self._offset = timedelta()
