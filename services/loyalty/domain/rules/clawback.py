"""Taking back what returned goods had earned, also when it is spent already (rule R2)."""

from datetime import datetime
from typing import NamedTuple

from services.loyalty.domain.account import Account
from services.loyalty.domain.events import BalanceNegative
from services.loyalty.domain.ledger import Allocation, Bucket, EntryKind, Source
from services.loyalty.domain.lots import LotState
from services.loyalty.domain.orders import Earning
from services.loyalty.domain.program import ClawbackPolicy, Program


class Clawed(NamedTuple):
    """How many points were taken, and from where. The parts sum to what had to be taken."""

    from_pending: int = 0
    from_order_lots: int = 0
    from_other_lots: int = 0
    deficit: int = 0
    written_off: int = 0
    recovered: int = 0  # kept back from the money refund
    unrecovered: int = 0  # neither taken nor owed (policy ONLY_PENDING)

    @property
    def taken(self) -> int:
        """Taken back, owed, written off or kept back in money."""
        return sum(self) - self.unrecovered


def claw(
    account: Account,
    program: Program,
    earning: Earning,
    points: int,
    refund: int,
    source: Source,
    now: datetime,
) -> Clawed:
    """Take `points`: the order's pending ones, its active ones, other free ones, the rest by policy.

    `refund` is the money (minor units) that recovering may keep. Held points are never touched. Nothing here
    can fail a return.
    """
    if not points:
        return Clawed()
    pending, own, others = _plan(account, program, earning, points, now)
    _take(account, pending, own + others, source, now)
    taken_pending = sum(part for _, part in pending)
    taken_own = sum(part for _, part in own)
    taken_others = sum(part for _, part in others)
    clawed = Clawed(taken_pending, taken_own, taken_others)
    rest = points - taken_pending - taken_own - taken_others
    return _settle_rest(account, program, clawed, rest, refund, source, now) if rest else clawed


def _plan(
    account: Account, program: Program, earning: Earning, points: int, now: datetime
) -> tuple[list[Allocation], list[Allocation], list[Allocation]]:
    lot = account.lot(earning.lot_id)
    pending: list[Allocation] = []
    own: list[Allocation] = []
    others: list[Allocation] = []
    if lot.state is LotState.PENDING and lot.remaining:
        pending = [Allocation(lot.lot_id, min(lot.remaining, points))]
        points -= pending[0].points
    if not points or program.clawback_policy is ClawbackPolicy.ONLY_PENDING:
        return pending, own, others
    of_order = lot.free if lot.is_spendable(now) else 0
    if of_order:
        own = [Allocation(lot.lot_id, min(of_order, points))]
    # Something is wanted elsewhere only when the order's own lot gives all it has.
    elsewhere = min(points - of_order, account.available - of_order)
    if elsewhere > 0:
        others = _others(account, lot.lot_id, elsewhere, of_order, now)
    return pending, own, others


def _others(account: Account, own_lot: str, points: int, of_order: int, now: datetime) -> list[Allocation]:
    allocations, missing = [], points
    for lot_id, part in account.plan(points + of_order, now):
        if lot_id != own_lot and missing:
            allocations.append(Allocation(lot_id, min(part, missing)))
            missing -= allocations[-1].points
    return allocations


def _take(
    account: Account, pending: list[Allocation], active: list[Allocation], source: Source, now: datetime
) -> None:
    from_pending = sum(part for _, part in pending)
    from_active = sum(part for _, part in active)
    points = from_pending + from_active
    if not points:
        return
    for lot_id, part in pending:
        lot = account.lots[lot_id]
        lot.remaining -= part
        account.touch(lot)
        account.settle_lot(lot, LotState.CANCELED)
    for lot_id, part in active:
        lot = account.lots[lot_id]
        account.change_free(lot, -part)
        account.settle_lot(lot, LotState.EXHAUSTED)
    entry = account.post(
        EntryKind.CLAWBACK,
        points,
        ((Bucket.PENDING, -from_pending), (Bucket.AVAILABLE, -from_active), (Bucket.ISSUED, points)),
        source,
        now=now,
        allocations=tuple(pending + active),
        once="clawback",
    )
    account.announce(entry, return_id=source.id)


def _settle_rest(
    account: Account,
    program: Program,
    clawed: Clawed,
    rest: int,
    refund: int,
    source: Source,
    now: datetime,
) -> Clawed:
    policy = program.clawback_policy
    if policy is ClawbackPolicy.ONLY_PENDING:
        return clawed._replace(unrecovered=rest)
    if policy is ClawbackPolicy.ALLOW_NEGATIVE:
        _owe(account, rest, source, now)
        return clawed._replace(deficit=rest)
    recovered = 0
    if policy is ClawbackPolicy.RECOVER_FROM_REFUND:
        # The refund cannot pay for more points than it is worth; what it cannot pay is written off.
        recovered = rest if program.worth(rest) <= refund else _payable(program, rest, refund)
    if rest > recovered:
        account.post(
            EntryKind.CLAWBACK_WRITTEN_OFF,
            rest - recovered,
            ((Bucket.ISSUED, rest - recovered), (Bucket.WRITTEN_OFF, recovered - rest)),
            source,
            now=now,
            once="written_off",
        )
    return clawed._replace(recovered=recovered, written_off=rest - recovered)


def _payable(program: Program, rest: int, refund: int) -> int:
    points = min(rest, refund * program.points_per_major_unit // program.minor_per_major)
    return points if program.worth(points) <= refund else 0


def _owe(account: Account, points: int, source: Source, now: datetime) -> None:
    account.post(
        EntryKind.DEFICIT_CREATED,
        points,
        ((Bucket.ISSUED, points), (Bucket.DEFICIT, -points)),
        source,
        now=now,
        once="deficit",
    )
    account.tell("balance.negative", BalanceNegative(account.account_id, account.deficit), now)
