from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from deploy.standins.stripe.wire.call import Answer

WireEntry: TypeAlias = dict[str, Any]

MAX_PARAMS = 40
MAX_VALUE = 256


class WireLog:
    """Every API request that arrived, oldest first; the oldest are let go beyond the limit."""

    def __init__(self, limit: int) -> None:
        self._entries: deque[WireEntry] = deque(maxlen=limit)
        self._total = 0

    @property
    def total(self) -> int:
        return self._total

    @property
    def dropped(self) -> int:
        """How many entries are no longer kept."""
        return self._total - len(self._entries)

    def newest(self, limit: int) -> list[WireEntry]:
        """Return the newest entries, oldest of them first."""
        return list(self._entries)[-limit:] if limit else []

    def open(
        self,
        method: str,
        path: str,
        *,
        idempotency_key: str | None,
        stripe_version: str | None,
        request_id: str,
    ) -> WireEntry:
        """Record a request on arrival, long values cut; `close` fills in its outcome."""
        entry: WireEntry = {
            "at": time.time(),
            "method": method,
            "path": path[:MAX_VALUE],
            "idempotency_key": idempotency_key and idempotency_key[:MAX_VALUE],
            "stripe_version": stripe_version and stripe_version[:MAX_VALUE],
            "params": {},
            "status": None,  # stays None while the request is open and when the line was dropped
            "fault": None,
            "replayed": False,
            "request_id": request_id,
        }
        self._entries.append(entry)
        self._total += 1
        return entry


def shown_params(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Keep what a test asserts on, within bounds and without card numbers."""
    shown = {
        name[:MAX_VALUE]: "****" if "number" in name or "cvc" in name else value[:MAX_VALUE]
        for name, value in pairs[:MAX_PARAMS]
    }
    if len(pairs) > MAX_PARAMS:
        shown["..."] = f"{len(pairs) - MAX_PARAMS} more"
    return shown


def close(entry: WireEntry, answer: Answer) -> None:
    """Fill in how a request ended."""
    entry["status"] = answer.status
    entry["replayed"] = answer.headers.get("Idempotent-Replayed") == "true"
