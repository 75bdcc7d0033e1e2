from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

from deploy.standins.stripe.account.collection import Collection
from deploy.standins.stripe.account.money import Conversion

if TYPE_CHECKING:
    from deploy.standins.stripe.wire.call import StripeObject

DEFAULT_CURRENCY = "eur"

WhenShort = Literal["overdraw", "pend", "refuse"]


@dataclass(frozen=True)
class Entry:
    """One movement of the balance, in settlement currency and minor units."""

    amount: int
    currency: str
    type: str
    source: str
    category: str = ""
    fee: int = 0
    exchange_rate: Fraction | None = None
    description: str | None = None


class Ledger:
    """The balance transactions of an account and the balances they add up to.

    Funds are available at once; `when_short` says what a refund does that the balance cannot pay.
    """

    def __init__(self, limit: int) -> None:
        self.rows = Collection("balance_transaction", limit, by=("source",))
        self.available: dict[str, int] = {DEFAULT_CURRENCY: 0}
        self.when_short: WhenShort = "overdraw"
        self.conversions: dict[str, Conversion] = {}
        # Which automatic payout carried a row. Stripe filters by it and never shows it.
        self.payout_of: dict[str, str] = {}

    def conversion(self, currency: str) -> Conversion:
        """Return how a presentment currency settles: as itself unless set otherwise."""
        return self.conversions.get(currency, Conversion(currency, Fraction(1)))

    def post(self, row_id: str, created: int, entry: Entry) -> StripeObject:
        """Append a balance transaction and move the balance by its net."""
        net = entry.amount - entry.fee
        row = self.rows.add(
            {
                "id": row_id,
                "object": "balance_transaction",
                "amount": entry.amount,
                "available_on": created,
                "balance_type": "payments",
                "created": created,
                "currency": entry.currency,
                "description": entry.description,
                # Stripe sends the rate as a JSON number; amounts never go through it.
                "exchange_rate": float(entry.exchange_rate) if entry.exchange_rate else None,
                "fee": entry.fee,
                "fee_details": _fee_details(entry),
                "net": net,
                "reporting_category": entry.category or entry.type,
                "source": entry.source,
                "status": "available",
                "type": entry.type,
            },
        )
        self.available[entry.currency] = self.available.get(entry.currency, 0) + net
        return row

    def can_pay(self, amount: int, currency: str) -> bool:
        return self.available.get(currency, 0) >= amount


def _fee_details(entry: Entry) -> list[StripeObject]:
    if not entry.fee:
        return []
    return [
        {
            "amount": entry.fee,
            "application": None,
            "currency": entry.currency,
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        },
    ]
