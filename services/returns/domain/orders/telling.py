"""What others are told of an order."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.money import Money, allocate
from services.returns.domain.orders.order import Order


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A paid line: `net` is money without points and delivery, what earns."""

    line_id: str
    sku: str
    quantity: int
    net: Money
    tender_points: int


@dataclass(frozen=True, slots=True)
class OrderPaid:
    """`order.paid`."""

    order: Order
    lines: tuple[PaidLine, ...]


@dataclass(frozen=True, slots=True)
class OrderDelivered:
    """`order.delivered`."""

    order_id: str
    loyalty_account_id: str
    delivered_at: datetime


def paid_lines(order: Order) -> tuple[PaidLine, ...]:
    """The lines with the points tender spread over lines and delivery by worth (loyalty.md R9)."""
    weights = [*(line.paid for line in order.lines), order.shipping]
    values = allocate(order.points_value, weights)
    points = allocate(order.points, weights)
    return tuple(
        PaidLine(line.line_id, line.sku, line.quantity, order.money(line.paid - value), spent)
        for line, value, spent in zip(order.lines, values, points, strict=False)
    )


def tell_paid(order: Order, now: datetime) -> tuple[Order, DomainEvent]:
    """The order and its `order.paid`."""
    return _tell(order, now, "order.paid", OrderPaid(order, paid_lines(order)))


def tell_delivered(order: Order, now: datetime) -> tuple[Order, DomainEvent]:
    """The delivered order and its `order.delivered`."""
    if order.delivered_at is None:
        raise ValueError("the order is not delivered")
    data = OrderDelivered(order.order_id, order.loyalty_account_id, order.delivered_at)
    return _tell(order, now, "order.delivered", data)


def _tell(order: Order, now: datetime, topic: str, data: object) -> tuple[Order, DomainEvent]:
    order = replace(order, sequence=order.sequence + 1)
    return order, DomainEvent(topic, order.tenant_id, order.aggregate_id, order.sequence, now, data)
