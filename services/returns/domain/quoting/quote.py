"""Computing what comes back for the asked units of an order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.money import allocate
from services.returns.domain.errors import precondition, units_already_on_return
from services.returns.domain.orders.order import Order, OrderLine
from services.returns.domain.orders.tender_split import PointsTender, Share
from services.returns.domain.quoting.policy import Policy
from services.returns.domain.quoting.reasons import Reason
from services.returns.domain.quoting.totals import Totals, totals


@dataclass(frozen=True, slots=True)
class AskedLine:
    """So many units of a line, for one reason."""

    line_id: str
    quantity: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """The units that would go back and what they give. `totals` is without delivery and fee."""

    line_id: str
    reason: Reason
    units: tuple[int, ...]
    totals: Totals


@dataclass(frozen=True, slots=True)
class Quote:
    """What comes back. `share` is its part of the order's tenders, minor units."""

    lines: tuple[QuotedLine, ...]
    totals: Totals
    share: Share

    def units(self) -> dict[str, tuple[int, ...]]:
        """Unit indexes by line id."""
        found: dict[str, tuple[int, ...]] = {}
        for line in self.lines:
            found[line.line_id] = (*found.get(line.line_id, ()), *line.units)
        return found


def points_tender(order: Order) -> PointsTender:
    """The order's points tender."""
    return PointsTender(order.points, order.points_value, order.total)


def check_window(order: Order, policy: Policy, now: datetime) -> None:
    """Raises NOT_DELIVERED, WINDOW_CLOSED."""
    until = policy.returnable_until(order)
    if until is None:
        raise precondition(
            "NOT_DELIVERED", "the order is not delivered yet, so nothing of it can be returned"
        )
    if now > until:
        raise precondition(
            "WINDOW_CLOSED",
            f"the order could be returned until {until.isoformat()}",
            return_until=until.isoformat(),
        )


def compute_quote(order: Order, asked: Sequence[AskedLine], label_fee: int) -> Quote:
    """What the asked units give back as the order stands; takes the free units of the lowest indexes.

    `label_fee` (minor units) is dropped when any unit comes back through the merchant's fault. The outbound
    delivery, at the price of the cheapest, goes back with the order's last unit (Art 13(2)), once.
    Raises RETURN_EXCEEDS_ORDER, UNITS_ALREADY_ON_RETURN.
    """
    picked = _pick(order, asked)
    goods = [sum(line.unit_paid(unit) for unit in units) for line, _, units in picked]
    shipping = _outbound(order, sum(len(units) for _, _, units in picked))
    share = points_tender(order).share_of(sum(goods) + shipping, order.released)
    free = any(one.reason.is_merchants_fault for one in asked)
    whole = totals(
        order.currency,
        goods=sum(goods),
        shipping=shipping,
        fee=0 if free else label_fee,
        points=share.points,
        points_value=share.points_value,
    )
    return Quote(_by_line(order, picked, goods, shipping, share), whole, share)


def _pick(order: Order, asked: Sequence[AskedLine]) -> list[tuple[OrderLine, Reason, tuple[int, ...]]]:
    wanted: Counter[str] = Counter()
    for one in asked:
        wanted[one.line_id] += one.quantity
    free: dict[str, tuple[int, ...]] = {}
    for line_id, count in wanted.items():
        line = order.line(line_id)
        if line is None or count > line.quantity:
            raise precondition(
                "RETURN_EXCEEDS_ORDER",
                f"the order has {line.quantity if line else 0} units of line {line_id}, not {count}",
                line_id=line_id,
                ordered=str(line.quantity if line else 0),
                asked=str(count),
            )
        if count > line.free:
            raise units_already_on_return(line_id, line.free)
        free[line_id] = line.first_free(count)
    picked = []
    for one in asked:
        line = order.line(one.line_id)
        if line is not None:
            mine, free[one.line_id] = free[one.line_id][: one.quantity], free[one.line_id][one.quantity :]
            picked.append((line, one.reason, mine))
    return picked


def _outbound(order: Order, count: int) -> int:
    is_last = count == sum(line.free for line in order.lines)
    if not is_last or order.released.shipping_by:
        return 0
    return min(order.shipping, order.shipping_cheapest)


def _by_line(
    order: Order,
    picked: Sequence[tuple[OrderLine, Reason, tuple[int, ...]]],
    goods: Sequence[int],
    shipping: int,
    share: Share,
) -> tuple[QuotedLine, ...]:
    # The delivery's part of the points stays with the whole: the lines alone need not sum to it.
    points = allocate(share.points, [*goods, shipping])
    values = allocate(share.points_value, [*goods, shipping])
    return tuple(
        QuotedLine(
            line.line_id,
            reason,
            units,
            totals(order.currency, goods=worth, points=got, points_value=value),
        )
        for (line, reason, units), worth, got, value in zip(picked, goods, points, values, strict=False)
    )
