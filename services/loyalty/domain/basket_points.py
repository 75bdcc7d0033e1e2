"""What a basket earns: exact, rounded once per order, split to lines by largest remainder (rule R3)."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class Rounding(StrEnum):
    """How an exact amount of points becomes a whole number."""

    FLOOR = "FLOOR"
    HALF_UP = "HALF_UP"
    CEIL = "CEIL"


class ReturnMode(StrEnum):
    """How much a part of an order keeps (rule R3 c, d)."""

    RECALCULATE = "RECALCULATE"
    PROPORTIONAL = "PROPORTIONAL"


class FixedBonus(NamedTuple):
    """Points given once when the basket reaches a threshold (minor units)."""

    threshold: int
    points: int


class EarnRule(NamedTuple):
    """How a basket earns. Each order keeps the rule it earned by, so later changes do not touch it.

    The rate is points per minor unit, as an exact fraction.
    """

    rate_num: int
    rate_den: int
    rounding: Rounding = Rounding.FLOOR
    bonuses: tuple[FixedBonus, ...] = ()


class BasketPoints(NamedTuple):
    """Points of a basket and of its lines, which sum to it."""

    total: int
    lines: tuple[int, ...]


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """A non-negative ratio as a whole number."""
    if rounding is Rounding.FLOOR:
        return numerator // denominator
    if rounding is Rounding.CEIL:
        return -(-numerator // denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def points_of(rule: EarnRule, nets: Sequence[int]) -> BasketPoints:
    """What lines worth `nets` (minor units of eligible money, not negative) earn."""
    basis = sum(nets)
    total = rounded(basis * rule.rate_num, rule.rate_den, rule.rounding) if basis else 0
    if basis and rule.bonuses:
        total += sum(bonus.points for bonus in rule.bonuses if basis >= bonus.threshold)
    return BasketPoints(total, _split(total, nets, basis))


def _split(total: int, nets: Sequence[int], basis: int) -> tuple[int, ...]:
    # Rate and bonuses are both spread by money, so the exact share of a line is its part of the basis.
    if len(nets) == 1:
        return (total,)
    if not total:
        return (0,) * len(nets)
    parts = [total * net // basis for net in nets]
    missing = total - sum(parts)
    if missing:
        by_remainder = sorted(range(len(nets)), key=lambda i: (-(total * nets[i] % basis), i))
        for i in by_remainder[:missing]:
            parts[i] += 1
    return tuple(parts)


def retained(
    rule: EarnRule, mode: ReturnMode, earned: int, kept: Sequence[int], basis: int, returned: int
) -> int:
    """Points an order keeps when `kept` is left of each line and `returned` of `basis` came back in all.

    Both modes telescope: a full return leaves 0.
    """
    if mode is ReturnMode.RECALCULATE:
        return points_of(rule, kept).total
    return earned - (earned * returned // basis if basis else earned)
