"""What is read of foreign events."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.unit_of_work import Inbox
from services.loyalty.domain.orders import Basket, Returned


@dataclass(frozen=True, slots=True)
class Heard:
    """The head of an event about an account: who handles it, which event, whose account."""

    inbox: Inbox
    tenant_id: str
    account_id: str


@dataclass(frozen=True, slots=True)
class OrderPaid:
    """`order.paid`."""

    heard: Heard
    program_id: str
    customer_id: str
    basket: Basket


@dataclass(frozen=True, slots=True)
class OrderDelivered:
    """`order.delivered`."""

    heard: Heard
    order_id: str
    delivered_at: datetime


@dataclass(frozen=True, slots=True)
class ReturnMoved:
    """A return was asked for, or has ended."""

    heard: Heard
    order_id: str
    return_id: str


@dataclass(frozen=True, slots=True)
class SettlementRequested:
    """`return.settlement_requested`."""

    heard: Heard
    order_id: str
    goods: Returned
