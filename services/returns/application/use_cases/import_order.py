"""Taking over one paid order."""

from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.access import check_staff
from services.returns.domain.errors import duplicate_order
from services.returns.domain.orders.importing import take_over
from services.returns.domain.orders.order import Order
from services.returns.domain.orders.telling import tell_delivered, tell_paid


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """`order` as the shop sent it: not frozen, without a total."""

    ctx: RequestContext
    order: Order


async def import_order(ports: Ports, command: ImportOrder) -> Answer[Order]:
    """The order as taken over; the same order again is answered with the one that is known.

    Raises INVALID_CURRENCY, INVALID_AMOUNT, DUPLICATE_LINE, TENDERS_DO_NOT_SUM, DUPLICATE_ORDER.
    """
    check_staff(command.ctx.actor, "import orders")
    taken = take_over(command.order)
    now = ports.clock.now()

    async def work(tx: ReturnsTransaction) -> Order:
        known = await tx.orders.find(taken.tenant_id, taken.order_id)
        if known is not None:
            if known.fingerprint != taken.fingerprint:
                raise duplicate_order(taken.order_id)
            return known
        order, paid = tell_paid(taken, now)
        tx.record(paid)
        if order.delivered_at is not None:
            order, delivered = tell_delivered(order, now)
            tx.record(delivered)
        return await tx.orders.add(order)

    return await ports.uow.once("ImportOrder", command.ctx, Order, work)
