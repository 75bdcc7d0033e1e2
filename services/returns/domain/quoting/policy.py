"""The shop's own terms; never a statement of law."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.returns.domain.orders.order import Order


@dataclass(frozen=True, slots=True)
class Policy:
    """`label_fees` are minor units by currency; a currency not in it means a free label."""

    window: timedelta = timedelta(days=30)
    quote_lasts: timedelta = timedelta(minutes=30)
    refund_due: timedelta = timedelta(days=14)
    """Art 13(1): counted from the customer's statement."""
    label_fees: Mapping[str, int] = field(default_factory=dict)

    def label_fee(self, currency: str) -> int:
        """What a return label costs the customer when the merchant is not at fault."""
        return self.label_fees.get(currency, 0)

    def returnable_until(self, order: Order) -> datetime | None:
        """The end of the window; None before delivery."""
        return order.delivered_at + self.window if order.delivered_at else None
