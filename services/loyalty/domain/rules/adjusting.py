"""Credits and debits by hand."""

from datetime import datetime

from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.ledger import Allocation, Bucket, Entry, EntryKind, Source
from services.loyalty.domain.lots import Lot, LotState
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.advancing import repay_deficit, start_validity


def adjust(
    account: Account, program: Program, points: int, source: Source, reason_code: str, now: datetime
) -> Entry:
    """Credit points at once, with the programme's expiry, or debit available ones in the order of rule R1.

    Raises ACCOUNT_SUSPENDED for a closed account, INSUFFICIENT_POINTS.
    """
    account.must_be_active()
    entry = (
        credit(account, program, points, source, reason_code, now)
        if points > 0
        else _debit(account, -points, source, reason_code, now)
    )
    account.announce(entry)
    return entry


def credit(
    account: Account, program: Program, points: int, source: Source, reason_code: str, now: datetime
) -> Entry:
    """Points that are spendable at once; they repay a deficit first."""
    lot = Lot(
        lot_id=f"a.{account.sequence + 1}",
        sequence=account.sequence + 1,
        state=LotState.ACTIVE,
        points=points,
        remaining=points,
        held=0,
        earned_at=now,
        source=source,
        order_id="",
    )
    start_validity(lot, program, now)
    account.add_lot(lot)
    entry = account.post(
        EntryKind.ADJUST_CREDIT,
        points,
        ((Bucket.ISSUED, -points), (Bucket.AVAILABLE, points)),
        source,
        now=now,
        allocations=(Allocation(lot.lot_id, points),),
        reason_code=reason_code,
        once="adjust",
    )
    repay_deficit(account, now, now)
    return entry


def _debit(account: Account, points: int, source: Source, reason_code: str, now: datetime) -> Entry:
    if points > account.available:
        raise errors.insufficient_points(account.available, points)
    allocations = account.plan(points, now)
    for lot_id, part in allocations:
        lot = account.lots[lot_id]
        account.change_free(lot, -part)
        account.settle_lot(lot, LotState.EXHAUSTED)
    return account.post(
        EntryKind.ADJUST_DEBIT,
        points,
        ((Bucket.AVAILABLE, -points), (Bucket.ISSUED, points)),
        source,
        now=now,
        allocations=tuple(allocations),
        reason_code=reason_code,
        once="adjust",
    )
