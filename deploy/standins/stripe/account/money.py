from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

_SYMBOLS = {"eur": "€", "usd": "$", "gbp": "£", "jpy": "¥"}
_EXPONENTS = {"jpy": 0, "krw": 0, "vnd": 0, "clp": 0, "huf": 2, "kwd": 3, "bhd": 3, "jod": 3}

CHARGE_FEE_RATE = Fraction(15, 1000)
CHARGE_FEE_FIXED = 25


def shown(minor: int, currency: str) -> str:
    """Write minor units the way Stripe's messages do: `€50.00`."""
    exponent = _EXPONENTS.get(currency, 2)
    whole, rest = divmod(minor, 10**exponent)
    digits = f"{whole:,}" + (f".{rest:0{exponent}}" if exponent else "")
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{digits}" if symbol else f"{digits} {currency.upper()}"


def charge_fee(minor: int) -> int:
    """Return the fee of a charge in minor units: 1.5 % and 25."""
    return round_half_up(minor * CHARGE_FEE_RATE) + CHARGE_FEE_FIXED


def round_half_up(value: Fraction) -> int:
    """Round to whole minor units, halves away from zero, so that a refund mirrors its charge."""
    magnitude = int(abs(value) + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


@dataclass(frozen=True)
class Conversion:
    """How one presentment currency settles: `amount * rate` units of `settlement`."""

    settlement: str
    rate: Fraction

    def settled(self, minor: int) -> int:
        return round_half_up(minor * self.rate)

    def shown_rate(self, currency: str) -> Fraction | None:
        """Return the rate a ledger row carries: none when nothing was converted."""
        return self.rate if currency != self.settlement else None
