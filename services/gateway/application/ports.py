"""What the gateway needs from the outside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.chassis.kernel.clock import Clock
from services.gateway.domain.credentials import Credential


class Keys(Protocol):
    """The API keys of an installation, by the hash of the key."""

    async def find(self, key_hash: str) -> Credential | None:
        """The credential, or None for an unknown or revoked key."""
        ...


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event of any service as the feed keeps it; `data` is the payload as plain JSON values.

    `position` is its place in the tenant's feed, from 1; 0 until it has one.
    """

    event_id: str
    type: str
    tenant_id: str
    aggregate_id: str
    sequence: int
    occurred_at: datetime
    data: Mapping[str, object]
    position: int = 0


class EventFeed(Protocol):
    """All events of all services, kept 90 days."""

    async def add(self, event: RecordedEvent, now: datetime) -> bool:
        """Keep an event once, after all others of its tenant; False when it was there."""
        ...

    async def after(
        self, tenant_id: str, types: Sequence[str], position: int, limit: int
    ) -> Sequence[RecordedEvent]:
        """The first `limit` events of a tenant after `position`, oldest first; no `types` means all."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything application code may use."""

    keys: Keys
    events: EventFeed
    clock: Clock
    pepper: str
