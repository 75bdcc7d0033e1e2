"""What the loyalty service tells the others."""

from dataclasses import dataclass
from datetime import datetime

from services.loyalty.domain.ledger import Entry, EntryKind

# What the others are told an entry is; kinds that are missing are told by none.
EVENT_TYPES = {
    EntryKind.EARN_PENDING: "points.earned",
    EntryKind.EARN_ACTIVE: "points.earned",
    EntryKind.ACTIVATE: "points.activated",
    EntryKind.RESERVE: "points.reserved",
    EntryKind.COMMIT: "points.redeemed",
    EntryKind.RELEASE: "points.released",
    EntryKind.EXPIRE: "points.expired",
    EntryKind.CLAWBACK: "points.clawed_back",
    EntryKind.RESTORE: "points.restored",
    EntryKind.ADJUST_CREDIT: "points.adjusted",
    EntryKind.ADJUST_DEBIT: "points.adjusted",
}


@dataclass(slots=True)
class PointsMoved:
    """One ledger entry and the balances after it. Its event type tells which movement it is.

    `order_id`, `reservation_id` and `return_id` are empty where they mean nothing.
    """

    entry: Entry
    available: int
    pending: int
    deficit: int
    order_id: str = ""
    reservation_id: str = ""
    return_id: str = ""


@dataclass(frozen=True, slots=True)
class AccountCreated:
    """`account.created`."""

    account_id: str
    program_id: str
    customer_id: str


@dataclass(frozen=True, slots=True)
class ReturnProcessed:
    """`points.return_processed`: sent once per return, even when it moved nothing."""

    account_id: str
    order_id: str
    return_id: str
    clawed: int
    restored: int
    recover_from_refund: int
    currency: str
    processed_at: datetime


@dataclass(frozen=True, slots=True)
class BalanceNegative:
    """`balance.negative`."""

    account_id: str
    deficit: int
