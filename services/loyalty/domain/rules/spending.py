"""Reserve, then commit or cancel (rule R5)."""

from datetime import datetime, timedelta

from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.ledger import Allocation, Bucket, EntryKind, Source, SourceType
from services.loyalty.domain.lots import LotState
from services.loyalty.domain.reservations import (
    DEFAULT_SECONDS,
    LIVE_LIMIT,
    Reservation,
    ReservationState,
    Share,
)
from services.loyalty.domain.rules.advancing import release


def reserve(
    account: Account, reservation_id: str, order_id: str, points: int, seconds: int, now: datetime
) -> Reservation:
    """Hold points of named lots for `seconds` (0 = the default).

    Raises ACCOUNT_SUSPENDED, INSUFFICIENT_POINTS, VELOCITY_LIMIT.
    """
    account.must_be_active()
    if points > account.available:
        raise errors.insufficient_points(account.available, points)
    if len(account.holds) >= LIVE_LIMIT:
        raise errors.too_many_holds(LIVE_LIMIT)
    allocations = account.plan(points, now)
    reservation = Reservation(
        reservation_id,
        order_id,
        points,
        ReservationState.HELD,
        now + timedelta(seconds=seconds or DEFAULT_SECONDS),
        [Share(lot_id, part) for lot_id, part in allocations],
    )
    for lot_id, part in allocations:
        account.change_held(account.lots[lot_id], part)
    account.holds[reservation_id] = reservation.expires_at
    account.reservations[reservation_id] = reservation
    account.changed_reservations[reservation_id] = True
    entry = account.post(
        EntryKind.RESERVE,
        points,
        ((Bucket.AVAILABLE, -points), (Bucket.HELD, points)),
        Source(SourceType.RESERVATION, reservation_id),
        now=now,
        allocations=tuple(allocations),
        once="reserve",
    )
    account.announce(entry, reservation_id=reservation_id, order_id=order_id)
    return reservation


def commit(account: Account, reservation_id: str, points: int, now: datetime) -> Reservation:
    """Spend held points, all for 0; the rest is released. Committing the same again changes nothing.

    Raises RESERVATION_NOT_FOUND, HOLD_EXPIRED, HOLD_ALREADY_CANCELED, INVALID_POINTS, and
    HOLD_ALREADY_COMMITTED for another amount than was committed.
    """
    reservation = _known(account, reservation_id)
    wanted = points or reservation.points
    if wanted > reservation.points:
        raise errors.invalid_points(
            f"only {reservation.points} points are reserved, {wanted} were to be spent"
        )
    if reservation.state is ReservationState.COMMITTED:
        if points in (0, reservation.committed_points):
            return reservation
        raise errors.hold_over("HOLD_ALREADY_COMMITTED", reservation_id)
    _must_be_held(reservation)
    _spend(account, reservation, wanted, now)
    release(account, reservation, reservation.points - wanted, now, now)
    return reservation


def _spend(account: Account, reservation: Reservation, points: int, now: datetime) -> None:
    allocations, missing = [], points
    for share in reservation.shares:
        part = min(share.held, missing)
        if part:
            lot = account.lot(share.lot_id)
            share.held, share.spent = share.held - part, part
            lot.held -= part
            lot.remaining -= part
            account.touch(lot)
            account.settle_lot(lot, LotState.EXHAUSTED)
            allocations.append(Allocation(lot.lot_id, part))
            missing -= part
    entry = account.post(
        EntryKind.COMMIT,
        points,
        ((Bucket.HELD, -points), (Bucket.REDEEMED, points)),
        Source(SourceType.RESERVATION, reservation.reservation_id),
        now=now,
        allocations=tuple(allocations),
        once="commit",
    )
    reservation.state = ReservationState.COMMITTED
    reservation.committed_points = points
    reservation.committed_sequence = entry.sequence
    account.announce(entry, reservation_id=reservation.reservation_id, order_id=reservation.order_id)


def cancel(account: Account, reservation_id: str, now: datetime) -> Reservation:
    """Give held points back. Cancelling again changes nothing.

    Raises RESERVATION_NOT_FOUND, HOLD_EXPIRED, HOLD_ALREADY_COMMITTED.
    """
    reservation = _known(account, reservation_id)
    if reservation.state is ReservationState.COMMITTED:
        raise errors.hold_over("HOLD_ALREADY_COMMITTED", reservation_id)
    if reservation.state is not ReservationState.CANCELED:
        _must_be_held(reservation)
        reservation.state = ReservationState.CANCELED
        release(account, reservation, reservation.points, now, now)
    return reservation


def _known(account: Account, reservation_id: str) -> Reservation:
    reservation = account.reservations.get(reservation_id)
    if reservation is None:
        raise errors.reservation_not_found(reservation_id)
    return reservation


def _must_be_held(reservation: Reservation) -> None:
    if reservation.state is ReservationState.CANCELED:
        raise errors.hold_over("HOLD_ALREADY_CANCELED", reservation.reservation_id)
    if reservation.state is ReservationState.EXPIRED:
        raise errors.hold_over("HOLD_EXPIRED", reservation.reservation_id)
