"""The number for people and scanners: RMA-YY-NNNNNN-C, where C is a Luhn check digit."""

import re
from typing import Final

_FORM: Final = re.compile(r"RMA-(\d{2})-(\d{6,})-(\d)")


def rma_number(year: int, count: int) -> str:
    """The number of the count-th return (from 1) of a year."""
    digits = f"{year % 100:02d}{count:06d}"
    return f"RMA-{digits[:2]}-{digits[2:]}-{_check_digit(digits)}"


def is_rma_number(code: str) -> bool:
    """Whether a code has the form and its check digit fits: a mistyped digit does not."""
    found = _FORM.fullmatch(code)
    return found is not None and _check_digit(found[1] + found[2]) == int(found[3])


def _check_digit(digits: str) -> int:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return -total % 10
