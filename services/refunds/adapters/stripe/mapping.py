"""Stripe's objects as our values. They raise on absent fields, so they come as dicts."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from services.chassis.kernel.money import Money
from services.refunds.domain.provider import (
    ProviderMovement,
    ProviderRefund,
    ProviderStatus,
    RefundOrder,
)


def parameters(order: RefundOrder) -> dict[str, object]:
    """The body of `POST /v1/refunds`. Metadata is how a refund is found again; no personal data in it."""
    which = "charge" if order.provider_payment_id.startswith(("ch_", "py_")) else "payment_intent"
    return {
        which: order.provider_payment_id,
        "amount": order.amount.minor,
        "reason": "requested_by_customer",
        "metadata": {
            "leg_id": order.leg_id,
            "refund_id": order.refund_id,
            "attempt": str(order.attempt),
        },
    }


def to_refund(found: Mapping[str, Any]) -> ProviderRefund:
    """A refund object, from an answer or inside an event."""
    return ProviderRefund(
        id=found["id"],
        # A status Stripe may add one day is at least not a success.
        status=_status(found.get("status")),
        amount=Money(int(found["amount"]), str(found["currency"]).upper()),
        provider_payment_id=_id(found.get("payment_intent")) or _id(found.get("charge")),
        leg_id=str((found.get("metadata") or {}).get("leg_id", "")),
        failure_reason=found.get("failure_reason") or "",
    )


def to_movement(row: Mapping[str, Any]) -> ProviderMovement:
    """A balance transaction. Stripe's amounts are negative when money leaves; ours are what was refunded."""
    currency = str(row["currency"]).upper()
    return ProviderMovement(
        id=row["id"],
        refund_id=_id(row.get("source")),
        amount=Money(-int(row["amount"]), currency),
        fee=Money(int(row["fee"]), currency),
        at=datetime.fromtimestamp(int(row["created"]), UTC),
        came_back=row["reporting_category"] == "refund_failure",
    )


def _status(text: object) -> ProviderStatus:
    try:
        return ProviderStatus(str(text))
    except ValueError:
        return ProviderStatus.PENDING


def _id(value: object) -> str:
    """An id, whether the object came expanded or not."""
    if isinstance(value, Mapping):
        return str(value.get("id", ""))
    return str(value) if value else ""
