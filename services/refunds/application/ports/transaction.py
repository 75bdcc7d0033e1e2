"""What a commit of this service can load and save. Every save compares and sets the version."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from services.chassis.kernel.events import DomainEvent
from services.refunds.domain.breaks import OpenBreak
from services.refunds.domain.journal import Entry
from services.refunds.domain.leg import Leg
from services.refunds.domain.payment import Payment
from services.refunds.domain.provider import ProviderRefund
from services.refunds.domain.reconciliation import Statement
from services.refunds.domain.refund import Refund


class Payments(Protocol):
    """Captured payments."""

    async def of_order(self, tenant_id: str, order_id: str) -> list[Payment]:
        """An order's payments, oldest import first."""
        ...

    async def get(self, tenant_id: str, payment_id: str) -> Payment | None:
        """One payment."""
        ...

    async def by_provider_id(self, provider_payment_id: str) -> Payment | None:
        """The Stripe payment with that id, of whatever tenant: the account is one."""
        ...

    async def known(self, payments: Sequence[Payment]) -> dict[str, Payment]:
        """Those stored already: asked payment_id -> the stored payment (same id or same charge)."""
        ...

    async def currencies(self, tenant_id: str, order_ids: Sequence[str]) -> dict[str, str]:
        """The currency each order was paid in so far."""
        ...

    async def add(self, payments: Sequence[Payment]) -> None:
        """Store new ones. Raises RaceError when somebody else stored one meanwhile."""
        ...

    async def save(self, payment: Payment) -> None:
        """Store a change."""
        ...


class Refunds(Protocol):
    """Refunds; saving one records what it told."""

    async def get(self, tenant_id: str, refund_id: str) -> Refund | None:
        """One refund."""
        ...

    async def by_request_key(self, tenant_id: str, request_key: str) -> Refund | None:
        """The refund asked for with that key, for ever."""
        ...

    async def page(
        self, tenant_id: str, order_id: str, return_id: str, before: str, limit: int
    ) -> list[Refund]:
        """Newest first, older than refund id `before` (empty = from the newest)."""
        ...

    async def add(self, refund: Refund) -> None:
        """Store a new one. Raises RaceError when its key is taken meanwhile."""
        ...

    async def save(self, refund: Refund) -> None:
        """Store a change."""
        ...


class Legs(Protocol):
    """Legs."""

    async def get(self, leg_id: str) -> Leg | None:
        """One leg; ids are unique over all tenants."""
        ...

    async def of_refunds(self, tenant_id: str, refund_ids: Sequence[str]) -> list[Leg]:
        """The legs of some refunds, in the order they were made."""
        ...

    async def by_provider_refunds(self, provider_refund_ids: Sequence[str]) -> list[Leg]:
        """The legs that hold these provider refunds."""
        ...

    async def some(self, leg_ids: Sequence[str]) -> list[Leg]:
        """Those of these legs that exist."""
        ...

    async def due(self, now: datetime, limit: int) -> list[str]:
        """Ids of legs whose sender must look at them, longest due first."""
        ...

    async def add(self, legs: Sequence[Leg]) -> None:
        """Store new ones. Raises RaceError when one is there meanwhile."""
        ...

    async def save(self, leg: Leg) -> None:
        """Store a change."""
        ...


class Journal(Protocol):
    """Posted entries; append only."""

    async def post(self, entry: Entry) -> None:
        """Post an entry; its id is unique for ever. Raises RaceError when it is posted meanwhile."""
        ...

    async def clearing(self, tenant_id: str, from_at: datetime, to_at: datetime) -> list[Entry]:
        """Entries that touch the provider's clearing account, from inclusive, to exclusive."""
        ...


class PspEventState(StrEnum):
    """How far we are with a stored webhook."""

    NEW = "NEW"
    DONE = "DONE"
    KEPT = "KEPT"  # about something this service does not act on yet (disputes, payouts)
    PARKED = "PARKED"  # given up after many tries; a person must look


@dataclass(slots=True)
class PspEvent:
    """A webhook as it came. `refund` is what it says; the truth is read again before it is acted on."""

    event_id: str
    tenant_id: str
    type: str
    raw_body: bytes
    received_at: datetime
    refund: ProviderRefund | None = None
    state: PspEventState = PspEventState.NEW
    tries: int = 0
    due_at: datetime | None = None
    version: int = 0


class PspEvents(Protocol):
    """Stored webhooks."""

    async def get(self, event_id: str) -> PspEvent | None:
        """One event."""
        ...

    async def add(self, event: PspEvent) -> None:
        """Store a new one. Raises RaceError when it is there meanwhile."""
        ...

    async def due(self, now: datetime, limit: int) -> list[str]:
        """Ids of events to work on, longest due first."""
        ...

    async def save(self, event: PspEvent) -> None:
        """Store a change."""
        ...


class Breaks(Protocol):
    """Findings for people."""

    async def open(self, found: OpenBreak) -> None:
        """Keep a finding; the same one again changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """A stored comparison."""

    tenant_id: str
    run_id: str
    from_at: datetime
    to_at: datetime
    created_at: datetime
    statements: list[Statement] = field(default_factory=list)


class Runs(Protocol):
    """Stored comparisons."""

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        """One run."""
        ...

    async def add(self, run: Run) -> None:
        """Store a new one."""
        ...


class RaceError(Exception):
    """Somebody else stored the same thing at the same moment: look again."""


class Transaction(Protocol):
    """One commit, or a read outside one."""

    @property
    def payments(self) -> Payments: ...  # noqa: D102 - see the type

    @property
    def refunds(self) -> Refunds: ...  # noqa: D102 - see the type

    @property
    def legs(self) -> Legs: ...  # noqa: D102 - see the type

    @property
    def journal(self) -> Journal: ...  # noqa: D102 - see the type

    @property
    def psp_events(self) -> PspEvents: ...  # noqa: D102 - see the type

    @property
    def breaks(self) -> Breaks: ...  # noqa: D102 - see the type

    @property
    def runs(self) -> Runs: ...  # noqa: D102 - see the type

    def record(self, event: DomainEvent) -> None:
        """Send an event with this commit."""
        ...
