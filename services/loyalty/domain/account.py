"""A member's points account: the aggregate that every movement of points goes through."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.chassis.kernel.events import DomainEvent
from services.loyalty.domain import errors
from services.loyalty.domain.events import EVENT_TYPES, AccountCreated, PointsMoved
from services.loyalty.domain.ledger import (
    Allocation,
    Balance,
    Bucket,
    Entry,
    EntryKind,
    Expiring,
    Posting,
    Source,
    from_milliseconds,
    milliseconds,
    seal,
)
from services.loyalty.domain.lots import NEVER, Lot, LotState, consumption_order
from services.loyalty.domain.orders import Order
from services.loyalty.domain.reservations import Reservation

EXPIRING_SHOWN = 10
ConsumptionKey = tuple[datetime, datetime, int]


class AccountState(StrEnum):
    """Life cycle."""

    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


class LotsNotLoadedError(Exception):
    """Lots that are needed were not loaded: the caller loads all and tries again. Never reaches a user."""


@dataclass(slots=True)
class Account:
    """Balances, and the open lots, orders and reservations that a command needs.

    The account is small and bounded; `lots`, `orders` and `reservations` are its parts, kept elsewhere and
    loaded as needed. `version` is the one that this commit writes. `available` and a deficit are never both
    above 0. `expiring` sums what is free in active lots by expiry. `next_activation_at` may be earlier than
    the truth, never later.
    """

    tenant_id: str
    program_id: str
    account_id: str
    customer_id: str
    state: AccountState
    created_at: datetime
    version: int = 0
    sequence: int = 0
    head_hash: str = ""
    told: int = 0
    buckets: dict[Bucket, int] = field(default_factory=lambda: dict.fromkeys(Bucket, 0))
    expiring: dict[int, int] = field(default_factory=dict)  # by milliseconds: there may be hundreds
    holds: dict[str, datetime] = field(default_factory=dict)
    next_activation_at: datetime | None = None

    lots: dict[str, Lot] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)
    reservations: dict[str, Reservation] = field(default_factory=dict)
    loaded_until: ConsumptionKey | None = None  # lots in consumption order are all there up to this one
    is_new: bool = False
    announcing: bool = True

    # What this commit has to write.
    entries: list[Entry] = field(default_factory=list)
    events: list[DomainEvent] = field(default_factory=list)
    changed_lots: dict[str, bool] = field(default_factory=dict)  # id -> whether it is new
    changed_orders: set[str] = field(default_factory=set)
    changed_reservations: dict[str, bool] = field(default_factory=dict)  # id -> whether it is new

    @property
    def aggregate_id(self) -> str:
        """Who speaks in events: shops may name their members alike, so with the tenant."""
        return f"{self.tenant_id}/{self.account_id}"

    @property
    def deficit(self) -> int:
        """What the customer owes, as a positive number."""
        return -self.buckets[Bucket.DEFICIT]

    @property
    def available(self) -> int:
        """Spendable, once the clock was applied."""
        return self.buckets[Bucket.AVAILABLE]

    @property
    def marks(self) -> tuple[int, int, int, int, int, int]:
        """Grows with every change, so that a refused command can be proven to have left no trace."""
        return (
            self.sequence,
            self.told,
            len(self.changed_lots),
            len(self.changed_orders),
            len(self.changed_reservations),
            len(self.holds),
        )

    @property
    def next_due_at(self) -> datetime | None:
        """When the clock has something to do here, at the earliest."""
        due = [self.next_activation_at] if self.next_activation_at else []
        if self.expiring:
            due.append(from_milliseconds(min(self.expiring)))
        due += self.holds.values()
        return min(due, default=None)

    def must_be_active(self) -> None:
        """Raises ACCOUNT_SUSPENDED."""
        if self.state is not AccountState.ACTIVE:
            raise errors.account_not_active(self.account_id, self.state)

    def balance(self, now: datetime) -> Balance:
        """What it holds, once the clock was applied."""
        buckets = self.buckets
        soon = heapq.nsmallest(EXPIRING_SHOWN, self.expiring.items()) if self.expiring else ()
        return Balance(
            pending=buckets[Bucket.PENDING],
            available=buckets[Bucket.AVAILABLE],
            held=buckets[Bucket.HELD],
            deficit=-buckets[Bucket.DEFICIT],
            lifetime_earned=-buckets[Bucket.ISSUED],
            lifetime_redeemed=buckets[Bucket.REDEEMED],
            lifetime_expired=buckets[Bucket.EXPIRED],
            expiring=tuple(Expiring(points, from_milliseconds(at)) for at, points in soon),
            as_of=now,
            version=self.version,
        )

    def post(  # noqa: PLR0913 - an entry has that many facts
        self,
        kind: EntryKind,
        points: int,
        postings: Iterable[tuple[Bucket, int]],
        source: Source,
        *,
        now: datetime,
        allocations: tuple[Allocation, ...] = (),
        effective_at: datetime | None = None,
        reason_code: str = "",
        once: str = "",
    ) -> Entry:
        """Append an entry, move the balances and return it.

        `once` names a part of the source that may happen a single time for ever; empty = no such guard.
        """
        legs = tuple(Posting(bucket, delta) for bucket, delta in postings if delta)
        buckets = self.buckets
        for bucket, delta in legs:
            buckets[bucket] += delta
        self.sequence += 1
        entry = Entry(
            self.tenant_id,
            self.program_id,
            self.account_id,
            self.sequence,
            kind,
            points,
            legs,
            allocations,
            source,
            reason_code,
            effective_at or now,
            now,
            self.head_hash,
            "",
            once,
        )
        entry = seal(entry)
        self.head_hash = entry.hash
        self.entries.append(entry)
        return entry

    def announce(
        self, entry: Entry, *, order_id: str = "", reservation_id: str = "", return_id: str = ""
    ) -> None:
        """Tell the others of an entry, with the balances as they are now; of history nobody is told."""
        if not self.announcing:
            return
        buckets = self.buckets
        self.tell(
            EVENT_TYPES[entry.kind],
            PointsMoved(
                entry,
                buckets[Bucket.AVAILABLE],
                buckets[Bucket.PENDING],
                -buckets[Bucket.DEFICIT],
                order_id,
                reservation_id,
                return_id,
            ),
            entry.recorded_at,
        )

    def tell(self, event_type: str, data: object, now: datetime) -> None:
        """Record an event."""
        self.told += 1
        self.events.append(DomainEvent(event_type, self.tenant_id, self.aggregate_id, self.told, now, data))

    def add_lot(self, lot: Lot) -> None:
        """A new lot. An active one's free points are spendable from now on; the entry is the caller's."""
        self.lots[lot.lot_id] = lot
        self.changed_lots[lot.lot_id] = True
        if lot.state is LotState.ACTIVE:
            self._expiring(lot, lot.free)
        elif lot.state is LotState.PENDING:
            self.awaits(lot)

    def awaits(self, lot: Lot) -> None:
        """A pending lot's activation became known or moved."""
        at = lot.activates_at
        if at is not None and (self.next_activation_at is None or at < self.next_activation_at):
            self.next_activation_at = at

    def lot(self, lot_id: str) -> Lot:
        """A lot. Raises LotsNotLoadedError."""
        try:
            return self.lots[lot_id]
        except KeyError:
            raise LotsNotLoadedError(lot_id) from None

    def change_free(self, lot: Lot, points: int) -> None:
        """Free points of an active lot grow or shrink (granted, restored; spent, expired, taken back)."""
        lot.remaining += points
        self._expiring(lot, points)
        self.touch(lot)

    def change_held(self, lot: Lot, points: int) -> None:
        """Free points of an active lot become held, or, with a negative number, free again."""
        lot.held += points
        self._expiring(lot, -points)
        self.touch(lot)

    def becomes_spendable(self, lot: Lot) -> None:
        """A pending lot is active now."""
        self._expiring(lot, lot.free)
        self.touch(lot)

    def touch(self, lot: Lot) -> None:
        """The lot has changed and must be written."""
        self.changed_lots.setdefault(lot.lot_id, False)

    def settle_lot(self, lot: Lot, ended: LotState) -> None:
        """Close a lot that has nothing left."""
        if lot.remaining == 0:
            lot.state = ended
            self.touch(lot)

    def spendable_lots(self, now: datetime) -> list[Lot]:
        """The loaded lots that can be consumed now, in the order of rule R1."""
        return sorted((lot for lot in self.lots.values() if lot.is_spendable(now)), key=consumption_order)

    def plan(self, points: int, now: datetime) -> list[Allocation]:
        """Which lots give `points`, in the order of rule R1; nothing is changed.

        The caller has checked that so many are available. Raises LotsNotLoadedError.
        """
        lots = self.spendable_lots(now)
        complete = sum(lot.free for lot in lots) == self.available
        allocations = []
        missing = points
        for lot in lots:
            if not missing or not (complete or self._is_loaded_until(lot)):
                break
            part = min(lot.free, missing)
            allocations.append(Allocation(lot.lot_id, part))
            missing -= part
        if missing:
            raise LotsNotLoadedError(f"{missing} of {points} points")
        return allocations

    def _is_loaded_until(self, lot: Lot) -> bool:
        return self.loaded_until is not None and consumption_order(lot) <= self.loaded_until

    def _expiring(self, lot: Lot, points: int) -> None:
        if lot.expires_at is None or lot.expires_at >= NEVER:
            return
        at = milliseconds(lot.expires_at)
        total = self.expiring.get(at, 0) + points
        if total:
            self.expiring[at] = total
        else:
            self.expiring.pop(at, None)


def open_account(
    tenant_id: str, program_id: str, account_id: str, customer_id: str, now: datetime
) -> Account:
    """A new account; it tells `account.created`."""
    account = Account(
        tenant_id, program_id, account_id, customer_id, AccountState.ACTIVE, now, version=1, is_new=True
    )
    account.tell("account.created", AccountCreated(account_id, program_id, customer_id), now)
    return account
