"""Delivery: from then on the clock of the return window runs."""

from dataclasses import replace
from datetime import datetime

from services.returns.domain.errors import invalid
from services.returns.domain.orders.order import Order


def deliver(order: Order, at: datetime) -> Order:
    """The order as delivered at that instant; a delivery noted before stands.

    Raises INVALID_DELIVER_TIME for one before the order was placed.
    """
    if order.delivered_at is not None:
        return order
    if at < order.placed_at:
        raise invalid("INVALID_DELIVER_TIME", "an order is delivered after it was placed", "deliver_time")
    return replace(order, delivered_at=at)
