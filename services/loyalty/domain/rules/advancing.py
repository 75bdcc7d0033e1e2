"""What the clock has made due: activate, repay the deficit, expire, let holds lapse (rules R1, R5)."""

import heapq
from datetime import datetime

from services.loyalty.domain.account import Account
from services.loyalty.domain.expiry import after_months
from services.loyalty.domain.ledger import Allocation, Bucket, EntryKind, Source, SourceType
from services.loyalty.domain.lots import Lot, LotState
from services.loyalty.domain.program import Program
from services.loyalty.domain.reservations import Reservation, ReservationState

_ACTIVATE, _EXPIRE, _LAPSE = range(3)  # the order of what falls on one instant
_Due = tuple[datetime, int, int, str]


def advance(account: Account, program: Program, now: datetime) -> None:
    """Apply all that is due by `now`, each at its own instant, so that it is as if somebody had looked then.

    Every command does this first, so balances are right by the clock even when no sweeper has run.
    """
    due_at = account.next_due_at
    if due_at is None or due_at > now:
        return
    agenda = _agenda(account, now)
    while agenda:
        at, what, _, name = heapq.heappop(agenda)
        if what == _ACTIVATE:
            _put_expiry(agenda, activate(account, program, account.lots[name], at, now), now)
        elif what == _EXPIRE:
            expire_free(account, account.lots[name], at, now)
        else:
            for lot in lapse(account, account.reservations[name], at, now):
                _put_expiry(agenda, lot, now)
    account.next_activation_at = min(
        (
            lot.activates_at
            for lot in account.lots.values()
            if lot.state is LotState.PENDING and lot.activates_at
        ),
        default=None,
    )


def _agenda(account: Account, now: datetime) -> list[_Due]:
    agenda: list[_Due] = []
    for lot in account.lots.values():
        if lot.state is LotState.PENDING and lot.due_at <= now:
            agenda.append((lot.due_at, _ACTIVATE, lot.sequence, lot.lot_id))
        elif lot.state is LotState.ACTIVE and lot.free:
            _put_expiry(agenda, lot, now)
    for index, (reservation_id, at) in enumerate(sorted(account.holds.items())):
        if at <= now:
            agenda.append((at, _LAPSE, index, reservation_id))
    heapq.heapify(agenda)
    return agenda


def _put_expiry(agenda: list[_Due], lot: Lot, now: datetime) -> None:
    if lot.state is LotState.ACTIVE and lot.free and lot.due_at <= now:
        heapq.heappush(agenda, (lot.due_at, _EXPIRE, lot.sequence, lot.lot_id))


def activate(account: Account, program: Program, lot: Lot, at: datetime, now: datetime) -> Lot:
    """Pending points become spendable; a deficit is repaid from them at once."""
    start_validity(lot, program, at)
    account.becomes_spendable(lot)
    points = lot.remaining
    entry = account.post(
        EntryKind.ACTIVATE,
        points,
        ((Bucket.PENDING, -points), (Bucket.AVAILABLE, points)),
        Source(SourceType.CLOCK, lot.lot_id),
        now=now,
        allocations=(Allocation(lot.lot_id, points),),
        effective_at=at,
        once="activate",
    )
    repay_deficit(account, at, now)
    account.announce(entry, order_id=lot.order_id)
    return lot


def start_validity(lot: Lot, program: Program, at: datetime) -> None:
    """The lot is active from `at`; its expiry is counted from that local day."""
    lot.state = LotState.ACTIVE
    lot.activates_at = at
    if program.expiry_months:
        lot.last_valid_date, lot.expires_at = after_months(at, program.expiry_months, program.zone)


def expire_free(account: Account, lot: Lot, at: datetime, now: datetime) -> None:
    """The free points of a lot are over. Held ones stay until their hold ends."""
    points = lot.free
    account.change_free(lot, -points)
    account.settle_lot(lot, LotState.EXPIRED)
    entry = account.post(
        EntryKind.EXPIRE,
        points,
        ((Bucket.AVAILABLE, -points), (Bucket.EXPIRED, points)),
        Source(SourceType.CLOCK, lot.lot_id),
        now=now,
        allocations=(Allocation(lot.lot_id, points),),
        effective_at=at,
    )
    account.announce(entry, order_id=lot.order_id)


def lapse(account: Account, reservation: Reservation, at: datetime, now: datetime) -> list[Lot]:
    """A hold's time is over: its points are free again. Returns their lots."""
    reservation.state = ReservationState.EXPIRED
    return release(account, reservation, reservation.points, at, now)


def release(
    account: Account, reservation: Reservation, points: int, at: datetime, now: datetime
) -> list[Lot]:
    """End a hold: its last `points` go back to their lots, and from an expired lot straight to EXPIRED."""
    account.holds.pop(reservation.reservation_id, None)
    account.changed_reservations.setdefault(reservation.reservation_id, False)
    allocations, lots = _give_back(account, reservation, points)
    if not points:
        return lots
    entry = account.post(
        EntryKind.RELEASE,
        points,
        ((Bucket.HELD, -points), (Bucket.AVAILABLE, points)),
        Source(SourceType.RESERVATION, reservation.reservation_id),
        now=now,
        allocations=allocations,
        effective_at=at,
        once="end",
    )
    account.announce(entry, reservation_id=reservation.reservation_id)
    for lot in lots:
        if lot.due_at <= at and lot.free:
            expire_free(account, lot, at, now)
    repay_deficit(account, at, now)
    return lots


def _give_back(
    account: Account, reservation: Reservation, points: int
) -> tuple[tuple[Allocation, ...], list[Lot]]:
    allocations, lots = [], []
    for share in reversed(reservation.shares):
        part = min(points, share.held)
        if part:
            lot = account.lot(share.lot_id)
            share.held -= part
            account.change_held(lot, -part)
            allocations.append(Allocation(lot.lot_id, part))
            lots.append(lot)
            points -= part
    return tuple(allocations), lots


def repay_deficit(account: Account, at: datetime, now: datetime) -> None:
    """What just became available repays what the customer owes."""
    points = min(account.deficit, account.available)
    if points <= 0:
        return
    allocations = account.plan(points, at)
    for lot_id, part in allocations:
        lot = account.lots[lot_id]
        account.change_free(lot, -part)
        account.settle_lot(lot, LotState.EXHAUSTED)
    account.post(
        EntryKind.DEFICIT_REPAID,
        points,
        ((Bucket.AVAILABLE, -points), (Bucket.DEFICIT, points)),
        Source(SourceType.CLOCK, "deficit"),
        now=now,
        allocations=tuple(allocations),
        effective_at=at,
    )
