"""Taking an order over: it is checked, frozen and from then on never changed."""

from dataclasses import replace

from services.chassis.kernel.money import exponent
from services.returns.domain.errors import invalid
from services.returns.domain.orders.ledger import freeze
from services.returns.domain.orders.order import Order, Tender, TenderKind

_MOST = 1_000_000_000_000  # minor units, as the contract's Money: more is a mistake of unit


def take_over(order: Order) -> Order:
    """The order with its ledger and total computed.

    Raises INVALID_CURRENCY, INVALID_AMOUNT, DUPLICATE_LINE, TENDERS_DO_NOT_SUM.
    """
    exponent(order.currency)
    _check_amounts(order)
    lines = freeze(order.lines, order.discount)
    total = sum(line.paid for line in lines) + order.shipping
    if total > _MOST:
        raise invalid("INVALID_AMOUNT", f"the order is worth more than {_MOST} minor units", "order.lines")
    paid = sum(tender.amount for tender in order.tenders)
    if paid != total:
        raise invalid(
            "TENDERS_DO_NOT_SUM",
            f"tenders sum to {order.money(paid)} but lines - discount + shipping to {order.money(total)}",
            "order.tenders",
            tenders=str(paid),
            total=str(total),
        )
    return replace(order, lines=lines, total=total)


def _check_amounts(order: Order) -> None:
    goods = 0
    seen: set[str] = set()
    for line in order.lines:
        if line.line_id in seen:
            raise invalid("DUPLICATE_LINE", f"line id {line.line_id!r} is there twice", "order.lines")
        seen.add(line.line_id)
        if line.unit_price < 0:
            raise _negative("order.lines.unit_price")
        goods += line.unit_price * line.quantity
    if order.discount < 0 or order.shipping < 0 or order.shipping_cheapest < 0:
        raise _negative("order.discount, order.shipping or order.shipping_cheapest")
    if order.discount > goods:
        raise invalid("INVALID_AMOUNT", "the discount is more than the goods cost", "order.discount")
    for tender in order.tenders:
        _check_tender(tender)


def _check_tender(tender: Tender) -> None:
    if tender.amount < 0:
        raise _negative("order.tenders.amount")
    if (tender.kind is TenderKind.POINTS) != (tender.points > 0):
        raise invalid(
            "INVALID_AMOUNT", "points are given with a tender of points and with no other", "order.tenders"
        )


def _negative(field: str) -> Exception:
    return invalid("INVALID_AMOUNT", "an amount of an order cannot be negative", field)
