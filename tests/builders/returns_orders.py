"""Orders for tests of returns: O1 of spec returns.md 4.6, and orders of one's own."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from services.returns.domain.orders.importing import take_over
from services.returns.domain.orders.order import Order, OrderLine, Tender, TenderKind

PLACED = datetime(2026, 11, 1, 12, tzinfo=UTC)
DELIVERED = datetime(2026, 11, 2, 12, tzinfo=UTC)
A, B = "A", "B"


def order_of(
    lines: Sequence[tuple[str, int, int]],
    *,
    currency: str = "PLN",
    discount: int = 0,
    shipping: int = 0,
    cheapest: int | None = None,
    points: int = 0,
    points_value: int = 0,
    rate: int = 2300,
) -> Order:
    """A delivered order of (line id, quantity, unit price), paid by points and the rest by card."""
    goods = sum(quantity * price for _, quantity, price in lines)
    total = goods - discount + shipping
    card = Tender(TenderKind.CARD, total - points_value, reference="pi_1")
    spent = Tender(TenderKind.POINTS, points_value, points, "rsv_1")
    order = Order(
        tenant_id="demo",
        order_id="O-1",
        customer_id="cus-1",
        loyalty_account_id="acc_1",
        loyalty_program_id="prg_1",
        currency=currency,
        lines=tuple(
            OrderLine(line_id, f"SKU-{line_id}", line_id, count, price, rate)
            for line_id, count, price in lines
        ),
        discount=discount,
        shipping=shipping,
        shipping_cheapest=shipping if cheapest is None else cheapest,
        tenders=(card, spent) if points else (card,),
        total=0,
        placed_at=PLACED,
        delivered_at=DELIVERED,
        fingerprint="f" * 64,
    )
    return take_over(order)


def o1() -> Order:
    """A 1 x 199.99 (23 %), B 3 x 49.99 (8 %), code -50.00, express 24.99 (cheapest standard 12.99)."""
    lines = (
        OrderLine(A, "SKU-A", "A", 1, 19999, 2300),
        OrderLine(B, "SKU-B", "B", 3, 4999, 800),
    )
    whole = order_of([(A, 1, 19999), (B, 3, 4999)], discount=5000, shipping=2499, cheapest=1299)
    return take_over(replace(whole, lines=lines))
