"""What the account knows of an order: how it earned, what came back, what is on its way back."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.loyalty.domain.basket_points import EarnRule


class BasketLine(NamedTuple):
    """A line that was bought; `net` is money that earns, in minor units, without the part paid in points."""

    line_id: str
    quantity: int
    net: int
    tender_points: int


class Basket(NamedTuple):
    """What was bought."""

    order_id: str
    currency: str
    lines: tuple[BasketLine, ...]
    placed_at: datetime
    delivered_at: datetime | None = None


class ReturnedLine(NamedTuple):
    """What came back of a line; `refund` is its worth in minor units, money and points together."""

    line_id: str
    quantity: int
    refund: int


class Returned(NamedTuple):
    """What came back with one return; amounts are in `currency`.

    `settled_points` is set when the returns service has settled the return: it has decided how many points
    go back (of the delivery too, which earns nothing) and has kept the limits, so neither is judged again.
    A return may be settled in several parts, numbered from 1.
    """

    return_id: str
    currency: str
    lines: tuple[ReturnedLine, ...]
    settled_points: int | None = None
    settlement: int = 1

    @property
    def source_id(self) -> str:
        """What moves points once for ever."""
        return self.return_id if self.settlement == 1 else f"{self.return_id}:{self.settlement}"


class Earning(NamedTuple):
    """How the order earned: never changes."""

    entry_id: str
    lot_id: str
    rule: EarnRule
    currency: str
    lines: tuple[BasketLine, ...]
    line_points: tuple[int, ...]
    points: int


@dataclass(slots=True)
class Order:
    """Per-order facts, kept beside the account so that it stays small. `earning` is None until it is paid.

    Facts may arrive in any order, so deliveries and returns are noted even before the order has earned.
    `returned` is minor units by line; `clawed`, `restored` (points) and `refunded` (cash) telescope over the
    order's returns. `returns` tells for each return that was announced whether it is still open; `early` are
    those that were settled before we heard of the payment, to be processed once the order earns.
    """

    order_id: str
    earning: Earning | None = None
    delivered_at: datetime | None = None
    returns: dict[str, bool] = field(default_factory=dict)
    returned: dict[str, int] = field(default_factory=dict)
    clawed: int = 0
    restored: int = 0
    refunded: int = 0
    processed: dict[str, str] = field(default_factory=dict)  # source id -> its first entry's id, or ""
    early: list[Returned] = field(default_factory=list)

    @property
    def has_open_return(self) -> bool:
        """Whether its points must stay pending."""
        return True in self.returns.values()
