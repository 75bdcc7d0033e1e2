"""Earning for an order, and what delivery and returns on their way do to its pending points."""

from datetime import datetime

from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.basket_points import points_of
from services.loyalty.domain.expiry import days_later
from services.loyalty.domain.ledger import Allocation, Bucket, Entry, EntryKind, Source, SourceType
from services.loyalty.domain.lots import Lot, LotState
from services.loyalty.domain.orders import Basket, Earning, Order
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.advancing import advance, repay_deficit, start_validity

_ONCE = "order"


def order_lot_id(order_id: str) -> str:
    """The lot of an order's points: named by the order, so that an order cannot have two."""
    return f"o.{order_id}"


def checked(program: Program, basket: Basket) -> Basket:
    """The basket, fit to earn. Raises INVALID_CURRENCY or INVALID_POINTS."""
    if basket.currency != program.currency:
        raise errors.invalid_currency(program.currency, basket.currency)
    seen = set()
    for line in basket.lines:
        if line.net < 0:
            raise errors.invalid_points(f"line {line.line_id!r}: net must not be negative")
        if line.line_id in seen:
            raise errors.invalid_points(f"line {line.line_id!r} is there twice")
        seen.add(line.line_id)
    return basket


def earn(account: Account, program: Program, basket: Basket, now: datetime, reason_code: str = "") -> Entry:
    """Points for a paid order, once per order for ever; pending until delivery plus the return window.

    A basket worth less than a point writes an entry of 0 points, so that its return is known as well.
    Raises ACCOUNT_SUSPENDED, INVALID_CURRENCY, INVALID_POINTS, DUPLICATE_SOURCE.
    """
    account.must_be_active()
    checked(program, basket)
    order = account.orders.get(basket.order_id)
    if order is None:
        order = account.orders[basket.order_id] = Order(basket.order_id)
    elif order.earning is not None:
        raise errors.duplicate_source(f"order {basket.order_id!r}", order.earning.entry_id)
    order.delivered_at = order.delivered_at or basket.delivered_at
    points, by_line = points_of(program.earn, [line.net for line in basket.lines])
    lot = _new_lot(account, basket, points, now)
    lot.activates_at = _activation(order, program)
    entry = _grant(account, program, lot, now, reason_code)
    order.earning = Earning(
        entry.entry_id, lot.lot_id, program.earn, basket.currency, basket.lines, by_line, points
    )
    account.changed_orders.add(order.order_id)
    return entry


def _new_lot(account: Account, basket: Basket, points: int, now: datetime) -> Lot:
    return Lot(
        lot_id=order_lot_id(basket.order_id),
        sequence=account.sequence + 1,
        state=LotState.PENDING if points else LotState.EXHAUSTED,
        points=points,
        remaining=points,
        held=0,
        earned_at=min(basket.placed_at, now),
        source=Source(SourceType.ORDER, basket.order_id),
        order_id=basket.order_id,
    )


def _grant(account: Account, program: Program, lot: Lot, now: datetime, reason_code: str) -> Entry:
    points, at = lot.points, lot.activates_at
    active = points > 0 and at is not None and at <= now
    if active and at is not None:
        start_validity(lot, program, at)
    kind, bucket = (
        (EntryKind.EARN_ACTIVE, Bucket.AVAILABLE) if active else (EntryKind.EARN_PENDING, Bucket.PENDING)
    )
    account.add_lot(lot)
    entry = account.post(
        kind,
        points,
        ((Bucket.ISSUED, -points), (bucket, points)),
        lot.source,
        now=now,
        allocations=(Allocation(lot.lot_id, points),),
        reason_code=reason_code,
        once=_ONCE,
    )
    if active:
        repay_deficit(account, now, now)
    account.announce(entry, order_id=lot.order_id)
    return entry


def _activation(order: Order, program: Program) -> datetime | None:
    if order.delivered_at is None or order.has_open_return:
        return None
    return days_later(order.delivered_at, program.return_window_days, program.zone)


def deliver(account: Account, program: Program, order_id: str, delivered_at: datetime, now: datetime) -> None:
    """Note an order's delivery, whether it has earned yet or not; the first delivery told counts."""
    order = account.orders.setdefault(order_id, Order(order_id))
    if order.delivered_at is None:
        order.delivered_at = delivered_at
        account.changed_orders.add(order_id)
        reschedule(account, program, order, now)


def open_return(account: Account, program: Program, order_id: str, return_id: str, now: datetime) -> None:
    """A return was asked for: what is still pending of its order waits for the return's end."""
    order = account.orders.setdefault(order_id, Order(order_id))
    if return_id not in order.returns:  # its end may have been heard of first
        order.returns[return_id] = True
        account.changed_orders.add(order_id)
        reschedule(account, program, order, now)


def close_return(account: Account, program: Program, order_id: str, return_id: str, now: datetime) -> None:
    """A return has ended, however: its order's points wait for it no longer."""
    order = account.orders.setdefault(order_id, Order(order_id))
    if order.returns.get(return_id) is not False:
        order.returns[return_id] = False
        account.changed_orders.add(order_id)
        reschedule(account, program, order, now)


def reschedule(account: Account, program: Program, order: Order, now: datetime) -> None:
    """Set when an order's pending points become spendable, and make them so if that is now."""
    if order.earning is None:
        return
    lot = account.lot(order.earning.lot_id)
    if lot.state is not LotState.PENDING:
        return
    at = _activation(order, program)
    # Points that waited for a return begin to count when it ends, not back when they would have.
    if at is not None and lot.activates_at is None and order.returns:
        at = max(at, now)
    lot.activates_at = at
    account.touch(lot)
    account.awaits(lot)
    advance(account, program, now)
