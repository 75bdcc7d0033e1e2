"""Freezing what was paid: the order's discount and its tax, to the line and to the unit (M1-M3)."""

from collections.abc import Sequence

from services.chassis.kernel.money import allocate
from services.returns.domain.orders.order import OrderLine

_WHOLE = 10_000  # basis points


def freeze(lines: Sequence[OrderLine], discount: int) -> tuple[OrderLine, ...]:
    """The lines with `paid` and `tax` set; `discount` (minor units, not negative) is spread by worth.

    The sum of `paid` is the sum of prices less the discount, to the minor unit.
    """
    paid = [line.unit_price * line.quantity for line in lines]
    if discount:
        paid = [full - cut for full, cut in zip(paid, allocate(discount, paid), strict=True)]
    return tuple(
        [
            line._replace(paid=due, tax=included_tax(due, line.tax_rate_bps) if line.tax_rate_bps else 0)
            for line, due in zip(lines, paid, strict=True)
        ]
    )


def included_tax(paid: int, rate_bps: int) -> int:
    """The tax within a gross amount, rounded half up."""
    whole = _WHOLE + rate_bps
    return (2 * paid * rate_bps + whole) // (2 * whole)
