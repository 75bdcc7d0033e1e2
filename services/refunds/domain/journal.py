"""Double entry for money that moves: each entry sums to nothing and is posted once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.chassis.kernel.money import Money


class Account(StrEnum):
    """The accounts used so far (refunds.md section 4)."""

    REFUNDS = "REFUNDS"  # contra revenue
    STRIPE_CLEARING = "STRIPE_CLEARING"
    REFUNDS_PAYABLE = "REFUNDS_PAYABLE"
    SUSPENSE = "SUSPENSE"


@dataclass(frozen=True, slots=True)
class Entry:
    """Debit one account, credit another. `entry_id` is deterministic: it is why nothing is posted twice."""

    tenant_id: str
    entry_id: str
    leg_id: str
    refund_id: str
    provider_refund_id: str
    debit: Account
    credit: Account
    amount: Money
    booked_at: datetime

    @property
    def out_of_clearing(self) -> int:
        """Minor units that left the provider's account by this entry; negative when they came back."""
        if self.credit is Account.STRIPE_CLEARING:
            return self.amount.minor
        return -self.amount.minor if self.debit is Account.STRIPE_CLEARING else 0
