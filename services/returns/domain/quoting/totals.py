"""The figures of a quote and of a settlement."""

from dataclasses import dataclass

from services.chassis.kernel.money import Money


@dataclass(frozen=True, slots=True)
class Totals:
    """`cash` = goods + shipping - fee - reduction - points_value, never negative (M4)."""

    goods: Money
    shipping: Money
    fee: Money
    reduction: Money
    cash: Money
    points: int
    points_value: Money

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(
            self.goods + other.goods,
            self.shipping + other.shipping,
            self.fee + other.fee,
            self.reduction + other.reduction,
            self.cash + other.cash,
            self.points + other.points,
            self.points_value + other.points_value,
        )


def totals(
    currency: str,
    *,
    goods: int,
    shipping: int = 0,
    fee: int = 0,
    reduction: int = 0,
    points: int = 0,
    points_value: int = 0,
) -> Totals:
    """The sum in minor units. The fee is capped at the money that would go back: never less than nothing."""
    before_fee = goods + shipping - reduction - points_value
    fee = min(fee, before_fee)
    return Totals(
        Money(goods, currency),
        Money(shipping, currency),
        Money(fee, currency),
        Money(reduction, currency),
        Money(before_fee - fee, currency),
        points,
        Money(points_value, currency),
    )
