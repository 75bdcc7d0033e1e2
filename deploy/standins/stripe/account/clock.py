import time


class Clock:
    """The account's own time in whole seconds; it follows the machine's and can be moved ahead.

    It never runs backwards, even when the machine's clock is corrected: lists are served newest
    first and rely on it.
    """

    def __init__(self, offset_seconds: int = 0) -> None:
        self._offset = offset_seconds
        self._latest = 0

    @property
    def offset_seconds(self) -> int:
        return self._offset

    def now(self) -> int:
        """Seconds since 1970. Stripe's `created` has no finer resolution."""
        self._latest = max(self._latest, int(time.time()) + self._offset)
        return self._latest

    def advance(self, seconds: int) -> None:
        self._offset += seconds
