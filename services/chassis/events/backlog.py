"""How far an outbox is behind: figures for Prometheus, alarms in the log."""

import time
from dataclasses import dataclass
from typing import Any

import structlog
from pymongo.collection import Collection

from services.chassis import metrics

_EVERY_SECONDS = 5.0
_AGAIN_SECONDS = 30.0
_COUNTED_AT_MOST = 10_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on being behind is an alarm: seconds and events."""

    oldest_seconds: float = 5.0
    unsent: int = 1_000


class Backlog:
    """Watches one outbox."""

    def __init__(self, outbox: str, rows: Collection[dict[str, Any]], limits: Limits) -> None:
        self._outbox, self._rows, self._limits = outbox, rows, limits
        self._due = 0.0
        self._alarm_due = 0.0
        self._alarmed = False

    def observe_if_due(self) -> None:
        """Measure, if the last time is 5 s ago. Raises PyMongoError."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + _EVERY_SECONDS
        unsent = self._rows.count_documents({"sent": 0}, limit=_COUNTED_AT_MOST)
        oldest = self._oldest_age()
        metrics.OUTBOX_UNSENT.labels(self._outbox).set(unsent)
        metrics.OUTBOX_OLDEST_SECONDS.labels(self._outbox).set(oldest)
        behind = oldest > self._limits.oldest_seconds or unsent > self._limits.unsent
        self._tell(now, behind=behind, unsent=unsent, oldest=oldest)

    def _oldest_age(self) -> float:
        """Seconds since the oldest unsent event was committed, by the server's clock."""
        oldest: list[dict[str, Any]] = list(
            self._rows.aggregate(
                [
                    {"$match": {"sent": 0}},
                    {"$sort": {"ts": 1}},
                    {"$limit": 1},
                    {"$project": {"age": {"$subtract": ["$$NOW", {"$toDate": "$ts"}]}}},
                ]
            )
        )
        return max(0.0, oldest[0]["age"] / 1000) if oldest else 0.0

    def _tell(self, now: float, *, behind: bool, unsent: int, oldest: float) -> None:
        if behind and now >= self._alarm_due:
            self._alarm_due = now + _AGAIN_SECONDS
            log.warning("ALARM outbox is behind", outbox=self._outbox, unsent=unsent, oldest_seconds=oldest)
        elif self._alarmed and not behind:
            self._alarm_due = 0.0
            log.info("outbox has caught up", outbox=self._outbox)
        self._alarmed = behind
