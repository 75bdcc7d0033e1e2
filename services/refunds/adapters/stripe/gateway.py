"""`PaymentProvider` on stripe-python."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from math import ceil
from typing import Any, TypeVar, cast

import stripe
import structlog

from services.refunds.adapters.stripe import mapping
from services.refunds.adapters.stripe.failures import trouble_of
from services.refunds.domain.provider import ProviderMovement, ProviderRefund, RefundOrder, Trouble

# `type` is not to be relied on (a returned refund may be an adjustment); a partial capture gives rows of
# type refund and category partial_capture_reversal, which are none.
_CATEGORIES = frozenset({"refund", "refund_failure", "payment_refund"})
_PAGE = 100

Result = TypeVar("Result")
log = structlog.get_logger(__name__)


class StripeGateway:
    """See `application.ports.provider.PaymentProvider`. Safe to share between threads."""

    def __init__(self, client: stripe.StripeClient, account: str, *, livemode: bool) -> None:
        self._client = client
        self.account = account
        self.livemode = livemode

    def parameters(self, order: RefundOrder) -> dict[str, object]:
        """See the port."""
        return mapping.parameters(order)

    def create_refund(self, parameters: Mapping[str, object], idempotency_key: str) -> ProviderRefund:
        """See the port."""
        params = cast("Any", dict(parameters))
        refund = _asked(lambda: self._client.v1.refunds.create(params, {"idempotency_key": idempotency_key}))
        return mapping.to_refund(refund.to_dict())

    def get_refund(self, provider_refund_id: str) -> ProviderRefund:
        """See the port."""
        return mapping.to_refund(
            _asked(lambda: self._client.v1.refunds.retrieve(provider_refund_id)).to_dict()
        )

    def list_refunds(self, provider_payment_id: str) -> Sequence[ProviderRefund]:
        """See the port."""
        which = "charge" if provider_payment_id.startswith(("ch_", "py_")) else "payment_intent"
        params = cast("Any", {which: provider_payment_id, "limit": _PAGE})

        def every() -> list[ProviderRefund]:
            pages = self._client.v1.refunds.list(params)
            return [mapping.to_refund(refund.to_dict()) for refund in pages.auto_paging_iter()]

        return _asked(every)

    def list_movements(self, from_at: datetime, to_at: datetime) -> Sequence[ProviderMovement]:
        """See the port. Stripe knows whole seconds only."""
        created = {"gte": int(from_at.timestamp()), "lt": ceil(to_at.timestamp())}
        params = cast("Any", {"created": created, "limit": _PAGE})

        def every() -> list[ProviderMovement]:
            pages = self._client.v1.balance_transactions.list(params)
            rows = (row.to_dict() for row in pages.auto_paging_iter())
            return [mapping.to_movement(row) for row in rows if row["reporting_category"] in _CATEGORIES]

        return _asked(every)


def _asked(call: Callable[[], Result]) -> Result:
    try:
        return call()
    except stripe.StripeError as error:
        trouble = trouble_of(error)
        # Nothing is sent at all while our key is refused: somebody must act.
        tell = log.error if trouble.trouble is Trouble.UNAUTHORISED else log.warning
        tell("stripe did not do it", trouble=trouble.trouble, code=trouble.code, stripe_said=trouble.message)
        raise trouble from error
