"""Past orders, taken over in bulk."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from services.returns.domain.orders.order import Order


class Verdict(StrEnum):
    """What became of one order of a bulk."""

    IMPORTED = "IMPORTED"
    DUPLICATE = "DUPLICATE"
    CONFLICT = "CONFLICT"


class OrderHistory(Protocol):
    """Writes many orders at once; each stands alone, and nothing is told to others."""

    async def add_many(self, orders: Sequence[Order]) -> list[Verdict]:
        """Add the orders not known yet; a verdict for each, in order.

        DUPLICATE is known with the same contents, CONFLICT with others. A failure in the middle leaves some
        added: the same call again says DUPLICATE for them.
        """
        ...
