from __future__ import annotations

import asyncio
import itertools
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deploy.standins.stripe.account.clock import Clock
from deploy.standins.stripe.account.collection import Collection
from deploy.standins.stripe.account.event_log import EventLog
from deploy.standins.stripe.account.ledger import Ledger
from deploy.standins.stripe.wire.errors import no_such

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.standins.stripe.account.event_log import Hook
    from deploy.standins.stripe.account.ledger import Entry
    from deploy.standins.stripe.wire.call import StripeObject


@dataclass(frozen=True)
class Limits:
    """How much one account keeps in memory before it refuses or forgets."""

    objects_per_kind: int = 200_000
    balance_transactions: int = 400_000
    events: int = 20_000
    idempotency_keys: int = 100_000
    wire_entries: int = 5_000


@dataclass(frozen=True)
class PlannedRefund:
    """How the next refund starts instead of the way its card would have it."""

    status: str
    pending_reason: str | None = None
    fee: int = 0


@dataclass(frozen=True)
class Settings:
    """What an account starts with, and starts again with after a reset."""

    clock_offset: int = 0
    hooks: tuple[Hook, ...] = ()
    async_refund_seconds: float = 0.25
    limits: Limits = field(default_factory=Limits)


class Account:
    """Everything one Stripe test account knows. All changes happen in one event loop."""

    def __init__(self, settings: Settings) -> None:
        limit = settings.limits.objects_per_kind
        self.clock = Clock(settings.clock_offset)
        self.async_refund_seconds = settings.async_refund_seconds
        self.customers = Collection("customer", limit)
        self.payment_methods = Collection("payment_method", limit)
        self.payment_intents = Collection("payment_intent", limit)
        self.charges = Collection("charge", limit, by=("payment_intent",))
        self.refunds = Collection("refund", limit, by=("payment_intent", "charge"))
        self.disputes = Collection("dispute", limit, by=("charge",))
        self.payouts = Collection("payout", limit)
        self.ledger = Ledger(settings.limits.balance_transactions)
        self.events = EventLog(settings.limits.events, list(settings.hooks))
        self.card_numbers: dict[str, str] = {}  # by payment method; never on the wire
        self.planned_refunds: list[PlannedRefund] = []
        self.unfunded_refunds: list[str] = []  # pending until the balance can pay them, in order
        self._timers: set[asyncio.TimerHandle] = set()
        self._numbers = itertools.count(1)
        # A service may outlive this process: ids of one run must not meet those of another.
        self._run = secrets.token_hex(4)

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{self._run}{next(self._numbers):010d}"

    def all_collections(self) -> tuple[Collection, ...]:
        return (
            self.customers,
            self.payment_methods,
            self.payment_intents,
            self.charges,
            self.refunds,
            self.disputes,
            self.payouts,
            self.ledger.rows,
        )

    def find(self, object_id: str) -> StripeObject | None:
        """Return the object of any kind with this id."""
        for collection in self.all_collections():
            found = collection.get(object_id)
            if found is not None:
                return found
        return None

    def post(self, entry: Entry) -> StripeObject:
        return self.ledger.post(self.new_id("txn"), self.clock.now(), entry)

    def emit(
        self,
        event_type: str,
        subject: StripeObject,
        *,
        origin: StripeObject | None = None,
        previous: StripeObject | None = None,
    ) -> None:
        self.events.emit(
            self.new_id("evt"),
            self.clock.now(),
            event_type,
            subject,
            origin=origin,
            previous=previous,
        )

    def later(self, action: Callable[[], None]) -> None:
        """Do something after the asynchronous-refund delay, unless the account is closed first."""

        def fire() -> None:
            self._timers.discard(handle)
            action()

        loop = asyncio.get_running_loop()
        handle = loop.call_later(self.async_refund_seconds, fire)
        self._timers.add(handle)

    def close(self) -> None:
        """Cancel what is still to come; a reset must not hear from the account before it."""
        for handle in self._timers:
            handle.cancel()
        self._timers.clear()
        self.events.closed = True


def required(collection: Collection, object_id: str, param: str = "id") -> StripeObject:
    """Return an object or raise Stripe's `resource_missing`."""
    found = collection.get(object_id)
    if found is None:
        raise no_such(collection.kind, object_id, param)
    return found
