"""Handlers that wait for the same feed document share one commit instead of queueing for it.

For `work`, where handlers are (green) threads: the first to come writes for all who come while it writes.
"""

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime

from pymongo.errors import DuplicateKeyError

from services.chassis.kernel.coroutines import run_now
from services.gateway.adapters.mongo.events import MongoEventFeed
from services.gateway.application.ports import RecordedEvent

MOST = 100  # events in one commit

_Item = tuple[RecordedEvent, datetime]


class SharedCommits:
    """See the port `EventFeed`; blocks its thread, so only for `work`."""

    def __init__(self, feed: MongoEventFeed) -> None:
        self._feed = feed
        self._lock = threading.Lock()
        self._waiting: list[tuple[_Item, Future[bool]]] = []
        self._writing = False

    async def add(self, event: RecordedEvent, now: datetime) -> bool:
        """See the port."""
        future: Future[bool] = Future()
        with self._lock:
            self._waiting.append(((event, now), future))
            mine, self._writing = not self._writing, True
        if mine:
            try:
                self._write_until_nobody_waits()
            except BaseException as error:
                self._give_up(error)
                raise
        return future.result()

    async def after(
        self, tenant_id: str, types: Sequence[str], position: int, limit: int
    ) -> Sequence[RecordedEvent]:
        """See the port."""
        return await self._feed.after(tenant_id, types, position, limit)

    def _write_until_nobody_waits(self) -> None:
        while True:
            with self._lock:
                batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                if not batch:
                    self._writing = False
                    return
            self._write(batch)

    def _give_up(self, error: BaseException) -> None:
        """The writer was stopped (a handler's time limit): nobody may wait for it for ever."""
        with self._lock:
            left, self._waiting, self._writing = self._waiting, [], False
        for _, future in left:
            future.set_exception(error)

    def _write(self, batch: list[tuple[_Item, Future[bool]]]) -> None:
        try:
            verdicts = run_now(self._feed.add_all([item for item, _ in batch]))
        except BaseException as error:  # noqa: BLE001 - it belongs to all who wait, a time limit included
            # Another process may have kept one of these events meanwhile: then each is tried by itself.
            if isinstance(error, DuplicateKeyError) and len(batch) > 1:
                for one in batch:
                    self._write([one])
                return
            for _, future in batch:
                if isinstance(error, DuplicateKeyError):
                    future.set_result(False)
                else:
                    future.set_exception(error)
            return
        for (_, future), verdict in zip(batch, verdicts, strict=True):
            future.set_result(verdict)
