"""What one commit of this service can load and save."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.pagination import Page
from services.returns.domain.carrier_events import CarrierEvent
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.story import Story, TimelineEntry
from services.returns.domain.orders.order import Order


class Orders(Protocol):
    """Orders by tenant and the shop's id."""

    async def find(self, tenant_id: str, order_id: str) -> Order | None:
        """The order, or None."""
        ...

    async def add(self, order: Order) -> Order:
        """Insert a new order; the stored form."""
        ...

    async def save(self, order: Order) -> Order:
        """Write a changed order if nobody else did; the stored form. Raises VERSION_CONFLICT."""
        ...


@dataclass(frozen=True, slots=True)
class DueCase:
    """A return with a pickup that a timer must look after."""

    tenant_id: str
    return_id: str


class Cases(Protocol):
    """Returns."""

    async def find(self, tenant_id: str, code: str) -> ReturnCase | None:
        """By return id or RMA number."""
        ...

    async def find_by_parcel(
        self, tenant_id: str, tracking_number: str, carrier: str = ""
    ) -> ReturnCase | None:
        """By a parcel's tracking number, of any carrier if none is named."""
        ...

    async def page(
        self, tenant_id: str, *, order_id: str, customer_id: str, size: int, token: str
    ) -> Page[ReturnCase]:
        """Newest first; empty ids mean all."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[DueCase]:
        """Returns with a pickup due at `now` or before, longest due first."""
        ...

    async def add(self, case: ReturnCase) -> ReturnCase:
        """Insert a new return; the stored form."""
        ...

    async def save(self, case: ReturnCase) -> ReturnCase:
        """Write a changed return if nobody else did; the stored form. Raises VERSION_CONFLICT."""
        ...


@dataclass(frozen=True, slots=True)
class ParkedScan:
    """A scan of a parcel that we did not know when it came."""

    tenant_id: str
    event: CarrierEvent


class Scans(Protocol):
    """Carriers' scans by their natural key, and the milestones they reached."""

    async def is_known(self, tenant_id: str, event: CarrierEvent) -> bool:
        """Whether the scan came before."""
        ...

    async def add(
        self, tenant_id: str, event: CarrierEvent, now: datetime, *, return_id: str, is_late: bool
    ) -> None:
        """Keep a scan; with an empty return id it is parked."""
        ...

    async def assign(self, tenant_id: str, event: CarrierEvent, return_id: str, *, is_late: bool) -> None:
        """A parked scan has found its return."""
        ...

    async def give_up(self, tenant_id: str, event: CarrierEvent) -> None:
        """A parked scan found none in time: it is kept as an orphan."""
        ...

    async def parked_for(self, tenant_id: str, carrier: str, tracking_number: str) -> Sequence[CarrierEvent]:
        """Parked scans of a parcel, oldest first."""
        ...

    async def parked(self, limit: int) -> Sequence[tuple[ParkedScan, datetime]]:
        """Parked scans and when they came, longest first."""
        ...

    async def reach(self, tenant_id: str, return_id: str, milestone: str, now: datetime) -> bool:
        """Note a milestone; False when it had been reached before."""
        ...


class ReturnsTransaction(Protocol):
    """One commit."""

    @property
    def orders(self) -> Orders:
        """Orders."""
        ...

    @property
    def cases(self) -> Cases:
        """Returns."""
        ...

    @property
    def scans(self) -> Scans:
        """Carriers' scans."""
        ...

    async def timeline(self, tenant_id: str, return_id: str) -> Sequence[TimelineEntry]:
        """The story of a return, oldest first."""
        ...

    async def keep(self, story: Story) -> None:
        """Append the story's entries to the timeline and tell its events; last in the commit."""
        ...

    def record(self, event: DomainEvent) -> None:
        """Tell an event that is not part of a return's story."""
        ...
