"""Tells the relay that something may have been written. Never the truth, only the reason to look at once."""

import threading
from typing import Any

import structlog
from pymongo.collection import Collection
from pymongo.errors import PyMongoError

log = structlog.get_logger(__name__)


class Doorbell:
    """Rings whenever a row is inserted into a collection; silent while change streams do not work."""

    def __init__(self, rows: Collection[dict[str, Any]], stop: threading.Event) -> None:
        self._rows, self._stop = rows, stop
        self._rung = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"doorbell-{rows.full_name}", daemon=True)

    def start(self) -> None:
        """Listen from now on."""
        self._thread.start()

    def reset(self) -> None:
        """Forget earlier rings. Call it before looking, so that a ring while looking is not lost."""
        self._rung.clear()

    def wait(self, seconds: float) -> None:
        """Wait for a ring, at most so long."""
        self._rung.wait(seconds)

    def _listen(self) -> None:
        quiet = False
        while not self._stop.is_set():
            try:
                self._follow()
                quiet = False
            except PyMongoError as error:
                if not quiet:
                    log.warning("no change stream, looking every half second", error=str(error)[:200])
                quiet = True
                self._stop.wait(1.0)

    def _follow(self) -> None:
        inserts: list[dict[str, Any]] = [{"$match": {"operationType": "insert"}}, {"$project": {"_id": 1}}]
        with self._rows.watch(inserts, max_await_time_ms=500, batch_size=1000) as changes:
            while changes.alive and not self._stop.is_set():
                if changes.try_next() is not None:
                    self._rung.set()
