"""Noting a delivery."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.returns.application.loading import load_order
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.access import check_staff
from services.returns.domain.orders.delivery import deliver
from services.returns.domain.orders.order import Order
from services.returns.domain.orders.telling import tell_delivered


@dataclass(frozen=True, slots=True)
class MarkOrderDelivered:
    """`at` is when the last item was handed over."""

    ctx: RequestContext
    order_id: str
    at: datetime


async def mark_order_delivered(ports: Ports, command: MarkOrderDelivered) -> Answer[Order]:
    """The delivered order; `order.delivered` is told once. Raises ORDER_NOT_FOUND."""
    check_staff(command.ctx.actor, "note deliveries")
    now = ports.clock.now()

    async def work(tx: ReturnsTransaction) -> Order:
        known = await load_order(tx, command.ctx, command.order_id)
        order = deliver(known, command.at)
        if order is known:
            return known
        order, event = tell_delivered(order, now)
        tx.record(event)
        return await tx.orders.save(order)

    return await ports.uow.once("MarkOrderDelivered", command.ctx, Order, work)
