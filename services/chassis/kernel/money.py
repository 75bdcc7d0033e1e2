"""Money as whole minor units. No floats, no silent rounding."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from services.chassis.kernel.errors import AftercareError, Kind

# ISO 4217 exponents of the currencies a shop may use; two decimals unless listed here.
_EXPONENTS = {
    **dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF"), 0),
    **dict.fromkeys(("UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_TWO_DECIMALS = frozenset(
    "AED ALL AMD ARS AUD AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BWP BYN BZD CAD CHF CNY COP CRC CZK "
    "DKK DOP DZD EGP EUR FJD GBP GEL GHS GTQ HKD HNL HUF IDR ILS INR JMD KES KGS KZT LKR MAD MDL MKD "
    "MNT MUR MXN MYR NAD NGN NIO NOK NPR NZD PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TRY TTD "
    "TWD TZS UAH USD UYU UZS ZAR ZMW".split()
)


def exponent(currency: str) -> int:
    """Digits after the point of a currency. Raises INVALID_CURRENCY for one that is not known."""
    if currency in _EXPONENTS:
        return _EXPONENTS[currency]
    if currency in _TWO_DECIMALS:
        return 2
    raise AftercareError(
        Kind.INVALID_ARGUMENT,
        "INVALID_CURRENCY",
        f"{currency!r} is not a known ISO 4217 currency code",
        {"currency": currency},
    )


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, grosze; whole yen) of an ISO 4217 currency."""

    minor: int
    currency: str

    @classmethod
    def zero(cls, currency: str) -> Self:
        """Nothing, in that currency."""
        return cls(0, currency)

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other).minor, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other).minor, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)

    def __str__(self) -> str:
        digits = exponent(self.currency)
        return f"{Decimal(self.minor).scaleb(-digits):.{digits}f} {self.currency}"

    def _same(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise AftercareError(
                Kind.INVALID_ARGUMENT,
                "CURRENCY_MISMATCH",
                f"cannot mix {self.currency} and {other.currency} in one sum",
            )
        return other


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split a whole number over weights by largest remainder; ties go to the lower index.

    The parts always sum to `total`. Weights are not negative; when all are 0 the whole goes to the
    first. Works for negative totals (a discount) by symmetry. Source: returns.md M2, loyalty.md R3.
    """
    if not weights:
        raise ValueError("nothing to allocate over")
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    whole = sum(weights)
    if whole == 0:
        return [total, *([0] * (len(weights) - 1))]
    parts = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
    for i in by_remainder[: total - sum(parts)]:
        parts[i] += 1
    return parts
