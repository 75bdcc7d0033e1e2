"""Giving spent points back when what they paid for comes back (rule R9)."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.loyalty.domain.account import Account
from services.loyalty.domain.expiry import after_days
from services.loyalty.domain.ledger import Allocation, Bucket, EntryKind, Source, SourceType
from services.loyalty.domain.lots import Lot, LotState
from services.loyalty.domain.program import Program
from services.loyalty.domain.reservations import ReservationState, Share
from services.loyalty.domain.rules.advancing import expire_free, repay_deficit, start_validity


class Restored(NamedTuple):
    """Points given back to one lot. Forfeited ones expired at once, since their lot had."""

    lot_id: str
    points: int
    expires_at: datetime | None
    forfeited: bool = False


def restore(
    account: Account, program: Program, order_id: str, points: int, source: Source, now: datetime
) -> list[Restored]:
    """Give `points` back to the lots they came from, last spent first; they repay a deficit first.

    A lot that has expired meanwhile gets the programme's grace, or gives its part up when there is none.
    Points whose spending we did not see (before an import) become a lot of their own.
    """
    if not points:
        return []
    given: list[tuple[Lot, int]] = []
    missing = points
    for share in _spent_last_first(account, order_id):
        part = min(share.spent - share.restored, missing)
        if part:
            share.restored += part
            given.append((_reopen(account, program, share.lot_id, part, now), part))
            missing -= part
    if missing:
        given.append((_unseen(account, program, missing, source, now), missing))
    entry = account.post(
        EntryKind.RESTORE,
        points,
        ((Bucket.REDEEMED, missing - points), (Bucket.ISSUED, -missing), (Bucket.AVAILABLE, points)),
        source,
        now=now,
        allocations=tuple(Allocation(lot.lot_id, part) for lot, part in given),
        once="restore",
    )
    restored = [
        Restored(lot.lot_id, part, lot.expires_at, forfeited=lot.due_at <= now) for lot, part in given
    ]
    for lot in {lot.lot_id: lot for lot, _ in given if lot.due_at <= now}.values():
        expire_free(account, lot, now, now)
    repay_deficit(account, now, now)
    account.announce(entry, order_id=order_id, return_id=source.id)
    return restored


def _spent_last_first(account: Account, order_id: str) -> Iterator[Share]:
    committed = [
        reservation
        for reservation in account.reservations.values()
        if reservation.order_id == order_id and reservation.state is ReservationState.COMMITTED
    ]
    for reservation in sorted(committed, key=lambda each: -each.committed_sequence):
        account.changed_reservations.setdefault(reservation.reservation_id, False)
        yield from reversed(reservation.shares)


def _reopen(account: Account, program: Program, lot_id: str, points: int, now: datetime) -> Lot:
    lot = account.lot(lot_id)
    lot.state = LotState.ACTIVE
    if lot.due_at <= now and program.restore_grace_days:
        # Nothing of an expired lot is free, so no expiry has to be moved with the date.
        lot.last_valid_date, lot.expires_at = after_days(now, program.restore_grace_days, program.zone)
    account.change_free(lot, points)
    return lot


def _unseen(account: Account, program: Program, points: int, source: Source, now: datetime) -> Lot:
    lot = Lot(
        lot_id=f"r.{account.sequence + 1}",
        sequence=account.sequence + 1,
        state=LotState.ACTIVE,
        points=points,
        remaining=points,
        held=0,
        earned_at=now,
        source=Source(SourceType.RETURN, source.id),
        order_id="",
    )
    start_validity(lot, program, now)
    account.add_lot(lot)
    return lot
