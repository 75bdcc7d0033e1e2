"""What of an order can go back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.money import Money
from services.returns.application.loading import load_order
from services.returns.application.ports import Ports
from services.returns.domain.orders.order import Order, OrderLine
from services.returns.domain.quoting.quote import check_window


@dataclass(frozen=True, slots=True)
class ReturnableItem:
    """A line. `unit_paid` is what was paid for the next unit to go back."""

    line: OrderLine
    returnable: int
    unit_paid: Money
    blocked_reason: str
    return_until: datetime | None


async def list_returnable_items(ports: Ports, ctx: RequestContext, order_id: str) -> Sequence[ReturnableItem]:
    """The order's lines in its own order. Raises ORDER_NOT_FOUND."""
    order = await ports.uow.read(lambda tx: load_order(tx, ctx, order_id))
    blocked = ""
    try:
        check_window(order, ports.policy, ports.clock.now())
    except AftercareError as refusal:
        blocked = refusal.reason
    until = ports.policy.returnable_until(order)
    return [_item(order, line, blocked, until) for line in order.lines]


def _item(order: Order, line: OrderLine, blocked: str, until: datetime | None) -> ReturnableItem:
    reason = blocked or ("" if line.free else "ALREADY_ON_RETURN")
    following = line.first_free(1) or (0,)
    return ReturnableItem(
        line,
        0 if reason else line.free,
        order.money(line.unit_paid(following[0])),
        reason,
        until,
    )
