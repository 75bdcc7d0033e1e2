"""A captured payment and its cap: the one document that says how much can still go back."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.money import Money
from services.refunds.domain import errors
from services.refunds.domain.events import PAYMENT_IMPORTED, PaymentImported


class Provider(StrEnum):
    """Who holds the money."""

    STRIPE = "STRIPE"
    EXTERNAL = "EXTERNAL"  # paid outside: refunds go out by hand


class Phase(StrEnum):
    """Where the share of a leg is; it only moves forward, so a repeated move is harmless."""

    RESERVED = "RESERVED"
    SETTLED = "SETTLED"
    RELEASED = "RELEASED"


_ORDER = {Phase.RESERVED: 0, Phase.SETTLED: 1, Phase.RELEASED: 2}


@dataclass(slots=True)
class Share:
    """What one leg takes of the captured amount, in minor units."""

    minor: int
    phase: Phase


@dataclass(slots=True)
class Payment:
    """One charge. Always reserved + settled <= captured, but for refunds made outside (`ext:…`).

    `ordinal` breaks the tie between payments of one order that were imported in the same millisecond.
    """

    tenant_id: str
    payment_id: str
    order_id: str
    provider: Provider
    provider_payment_id: str
    captured: Money
    imported_at: datetime
    ordinal: int = 0
    legs: dict[str, Share] = field(default_factory=dict)
    version: int = 0

    @property
    def reserved(self) -> Money:
        """Held for refunds under way."""
        return self._sum(Phase.RESERVED)

    @property
    def refunded(self) -> Money:
        """Gone back."""
        return self._sum(Phase.SETTLED)

    @property
    def refundable(self) -> Money:
        """What is left, never below 0."""
        left = self.captured.minor - self.reserved.minor - self.refunded.minor
        return Money(max(left, 0), self.captured.currency)

    def reserve(self, leg_id: str, amount: Money) -> None:
        """Hold a leg's share; the same leg again changes nothing. Raises OVER_CAP."""
        if leg_id in self.legs:
            return
        if amount.minor > self.refundable.minor:
            raise errors.over_cap(amount, self.refundable)
        self.legs[leg_id] = Share(amount.minor, Phase.RESERVED)

    def settle(self, leg_id: str, amount: Money, provider_refund_id: str) -> None:
        """The leg's money went out.

        A share that was let go before is counted again under the refund's id: what the provider did is true
        even where we had given up on it.
        """
        share = self.legs.get(leg_id)
        if share is None or share.phase is Phase.RELEASED:
            leg_id = external_leg_id(provider_refund_id)
            share = self.legs.setdefault(leg_id, Share(amount.minor, Phase.RESERVED))
        _move(share, Phase.SETTLED)

    def release(self, leg_id: str, provider_refund_id: str = "") -> None:
        """The leg's money did not go out, or came back: it can be refunded again."""
        for key in (leg_id, external_leg_id(provider_refund_id)):
            if key in self.legs:
                _move(self.legs[key], Phase.RELEASED)

    def same_as(self, other: "Payment") -> bool:
        """Whether the two tell of the same charge with the same figures."""
        return (self.tenant_id, self.order_id, self.provider, self.captured) == (
            other.tenant_id,
            other.order_id,
            other.provider,
            other.captured,
        ) and self.provider_payment_id == other.provider_payment_id

    def _sum(self, phase: Phase) -> Money:
        return Money(sum(s.minor for s in self.legs.values() if s.phase is phase), self.captured.currency)


def _move(share: Share, phase: Phase) -> None:
    if _ORDER[phase] > _ORDER[share.phase]:
        share.phase = phase


def external_leg_id(provider_refund_id: str) -> str:
    """The name of a refund that was made outside of us."""
    return f"ext:{provider_refund_id}"


def take_over(payment: Payment) -> DomainEvent:
    """Check a payment that is to be imported, name it if it has no name, and tell of it.

    The name follows from the payment's natural key, so that an import can be repeated. Raises
    NOT_CAPTURED and PROVIDER_PAYMENT_ID_REQUIRED.
    """
    if payment.captured.minor <= 0:
        raise errors.not_captured(payment.captured)
    if payment.provider is Provider.STRIPE and not payment.provider_payment_id:
        raise errors.provider_payment_id_required()
    payment.payment_id = payment.payment_id or _natural_id(payment)
    data = PaymentImported(payment.payment_id, payment.order_id, payment.captured)
    return DomainEvent(PAYMENT_IMPORTED, payment.tenant_id, payment.payment_id, 1, payment.imported_at, data)


def _natural_id(payment: Payment) -> str:
    own = payment.provider_payment_id
    natural = own if payment.provider is Provider.STRIPE else f"{payment.order_id}|{own}|{payment.ordinal}"
    name = f"{payment.tenant_id}|{payment.provider}|{natural}"
    return f"pay_{hashlib.sha256(name.encode()).hexdigest()[:26]}"


def split(amount: Money, payments: Sequence[Payment], order_id: str) -> Mapping[str, Money]:
    """Spread a refund over an order's payments in the order of their import: payment id -> share.

    Raises PAYMENT_NOT_FOUND, CURRENCY_MISMATCH and OVER_CAP; nothing is reserved yet.
    """
    if not payments:
        raise errors.payment_not_found(order_id)
    fitting = [p for p in payments if p.captured.currency == amount.currency]
    if not fitting:
        raise errors.currency_mismatch(amount.currency, payments[0].captured.currency)
    shares: dict[str, Money] = {}
    rest = amount.minor
    for payment in sorted(fitting, key=lambda p: (p.imported_at, p.ordinal, p.payment_id)):
        part = min(rest, payment.refundable.minor)
        if part:
            shares[payment.payment_id] = Money(part, amount.currency)
            rest -= part
    if rest:
        raise errors.over_cap(amount, Money(amount.minor - rest, amount.currency))
    return shares
