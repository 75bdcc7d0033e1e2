"""Why goods come back (spec returns.md 4.7)."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """Stable codes; UNSPECIFIED in a withdrawal, for which the law asks no reason."""

    UNSPECIFIED = "UNSPECIFIED"
    CHANGED_MIND = "CHANGED_MIND"
    SIZE_TOO_SMALL = "SIZE_TOO_SMALL"
    SIZE_TOO_LARGE = "SIZE_TOO_LARGE"
    STYLE_OR_COLOUR = "STYLE_OR_COLOUR"
    ORDERED_BY_MISTAKE = "ORDERED_BY_MISTAKE"
    BETTER_PRICE = "BETTER_PRICE"
    ARRIVED_LATE = "ARRIVED_LATE"
    GIFT_NOT_WANTED = "GIFT_NOT_WANTED"
    DEFECTIVE = "DEFECTIVE"
    DAMAGED_IN_TRANSIT = "DAMAGED_IN_TRANSIT"
    WRONG_ITEM = "WRONG_ITEM"
    MISSING_PARTS = "MISSING_PARTS"
    NOT_AS_DESCRIBED = "NOT_AS_DESCRIBED"

    @property
    def is_merchants_fault(self) -> bool:
        """Whether the merchant or the carrier caused it: such a return is always free."""
        return self in _MERCHANTS_FAULT


_MERCHANTS_FAULT: Final = frozenset(
    {
        Reason.ARRIVED_LATE,
        Reason.DEFECTIVE,
        Reason.DAMAGED_IN_TRANSIT,
        Reason.WRONG_ITEM,
        Reason.MISSING_PARTS,
        Reason.NOT_AS_DESCRIBED,
    }
)
