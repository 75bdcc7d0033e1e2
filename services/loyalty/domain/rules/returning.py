"""What a return does to points, and what it leaves for the money side (rules R2, R3, R9)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.basket_points import ReturnMode, retained
from services.loyalty.domain.events import ReturnProcessed
from services.loyalty.domain.ledger import Balance, Entry, Source, SourceType
from services.loyalty.domain.orders import Earning, Order, Returned
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.clawback import Clawed, claw
from services.loyalty.domain.rules.restoring import Restored, restore


class ReturnOutcome(NamedTuple):
    """What a return did. `cash_refund` and `recover_from_refund` are minor units of `currency`."""

    clawed: Clawed
    restored: tuple[Restored, ...]
    cash_refund: int
    recover_from_refund: int
    currency: str
    entries: tuple[Entry, ...]
    balance: Balance


class _Figures(NamedTuple):
    """What is due by the cumulated returns, less what earlier ones did."""

    returned: dict[str, int]
    claw: int
    restore: int
    cash: int


def process_return(
    account: Account,
    program: Program,
    order_id: str,
    goods: Returned,
    now: datetime,
    mode: ReturnMode = ReturnMode.RECALCULATE,
) -> ReturnOutcome:
    """Give back what was spent on the returned part and take back what it had earned; once per return.

    Points are given back first, so that what must be taken can be taken from them. Raises ORDER_NOT_EARNED,
    DUPLICATE_SOURCE, INVALID_CURRENCY, RETURN_EXCEEDS_ORDER.
    """
    order = account.orders.get(order_id)
    if order is None or order.earning is None:
        raise errors.order_not_earned(order_id)
    source = Source(SourceType.RETURN, goods.source_id)
    if source.id in order.processed:
        raise errors.duplicate_source(f"return {source.id!r}", order.processed[source.id])
    figures = _figures(program, order, order.earning, goods, mode)
    first = len(account.entries)
    restored = restore(account, program, order_id, figures.restore, source, now)
    clawed = claw(account, program, order.earning, figures.claw, figures.cash, source, now)
    entries = tuple(account.entries[first:])
    _note(account, order, source.id, figures, entries)
    recover = program.worth(clawed.recovered)
    account.tell(
        "points.return_processed",
        ReturnProcessed(
            account.account_id,
            order_id,
            goods.return_id,
            clawed.taken,
            figures.restore,
            recover,
            goods.currency,
            now,
        ),
        now,
    )
    return ReturnOutcome(
        clawed, tuple(restored), figures.cash, recover, goods.currency, entries, account.balance(now)
    )


def park_return(account: Account, order_id: str, goods: Returned) -> bool:
    """Keep a return until its order has earned; False when it has, so that it can be processed now."""
    order = account.orders.setdefault(order_id, Order(order_id))
    if order.earning is not None:
        return False
    if all(parked.source_id != goods.source_id for parked in order.early):
        order.early.append(goods)
        account.changed_orders.add(order_id)
    return True


def process_early_returns(account: Account, program: Program, order_id: str, now: datetime) -> None:
    """The order has earned: do what its returns that came too early asked for."""
    order = account.orders[order_id]
    early, order.early = order.early, []
    for each in early:
        process_return(account, program, order_id, each, now)


def _figures(program: Program, order: Order, earning: Earning, goods: Returned, mode: ReturnMode) -> _Figures:
    if goods.currency != earning.currency:
        raise errors.invalid_currency(earning.currency, goods.currency)
    worth = [line.net + program.worth(line.tender_points) for line in earning.lines]
    returned = _cumulated(order, earning, goods, worth)
    back = [returned.get(line.line_id, 0) for line in earning.lines]
    # Only money earned, so of each line the money part of what came back stops earning.
    kept = [
        line.net - (line.net * part // whole if whole else 0)
        for line, part, whole in zip(earning.lines, back, worth, strict=True)
    ]
    basis = sum(line.net for line in earning.lines)
    keeps = retained(earning.rule, mode, earning.points, kept, basis, basis - sum(kept))
    restored = _restored(earning, goods, sum(back), sum(worth), order.restored)
    return _Figures(
        returned,
        claw=max(0, earning.points - keeps - order.clawed),
        restore=restored - order.restored,
        cash=max(0, sum(back) - program.worth(restored) - order.refunded),
    )


def _restored(earning: Earning, goods: Returned, back: int, total: int, before: int) -> int:
    """Points given back by this return and those before it."""
    if goods.settled_points is not None:
        return before + goods.settled_points
    spent = sum(line.tender_points for line in earning.lines)
    return max(before, spent * back // total if total else 0)


def _cumulated(order: Order, earning: Earning, goods: Returned, worth: Sequence[int]) -> dict[str, int]:
    limits = {line.line_id: (line.quantity, whole) for line, whole in zip(earning.lines, worth, strict=True)}
    returned = dict(order.returned)
    for line in goods.lines:
        quantity, whole = limits.get(line.line_id, (0, 0))
        left = whole - returned.get(line.line_id, 0)
        if goods.settled_points is None:
            if line.quantity > quantity:
                raise errors.return_exceeds_order(line.line_id, quantity, line.quantity)
            if not 0 <= line.refund <= left:
                raise errors.return_exceeds_order(line.line_id, left, line.refund)
        returned[line.line_id] = returned.get(line.line_id, 0) + max(0, min(line.refund, left))
    return returned


def _note(
    account: Account, order: Order, source_id: str, figures: _Figures, entries: tuple[Entry, ...]
) -> None:
    order.returned = figures.returned
    order.clawed += figures.claw
    order.restored += figures.restore
    order.refunded += figures.cash
    order.processed[source_id] = entries[0].entry_id if entries else ""
    account.changed_orders.add(order.order_id)
