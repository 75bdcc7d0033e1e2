"""The payment provider as use cases see it: synchronous, reached through `offload`, outside any commit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from services.refunds.domain.provider import (
    ProviderEvent,
    ProviderMovement,
    ProviderRefund,
    RefundOrder,
)


class PaymentProvider(Protocol):
    """What we ask of a provider.

    Every method but `parameters` calls the provider once, never retries by itself, and raises
    ProviderTroubleError when it did not get what was asked.
    """

    @property
    def account(self) -> str:
        """A name of the account, part of every idempotency key."""
        ...

    @property
    def livemode(self) -> bool:
        """Whether real money moves."""
        ...

    def parameters(self, order: RefundOrder) -> dict[str, object]:
        """The body of a create call, kept with the leg so that a replay is the same to the letter."""
        ...

    def create_refund(self, parameters: Mapping[str, object], idempotency_key: str) -> ProviderRefund:
        """Ask for a refund."""
        ...

    def get_refund(self, provider_refund_id: str) -> ProviderRefund:
        """Read one."""
        ...

    def list_refunds(self, provider_payment_id: str) -> Sequence[ProviderRefund]:
        """All refunds of a payment; a list, never a search, because search lags behind."""
        ...

    def list_movements(self, from_at: datetime, to_at: datetime) -> Sequence[ProviderMovement]:
        """Balance transactions of refunds, from inclusive, to exclusive.

        Categories: refund, payment_refund, refund_failure.
        """
        ...


class WebhookVerifier(Protocol):
    """Reads webhooks. Calls nobody."""

    def verify(self, raw_body: bytes, signature: str) -> ProviderEvent:
        """The event. Raises BadSignatureError and UnreadableEventError."""
        ...
