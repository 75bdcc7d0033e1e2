"""The provider's webhooks in MongoDB, byte for byte."""

from datetime import datetime

from bson.binary import Binary
from pymongo import ASCENDING

from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.refunds.adapters.mongo.collection import DUE_INDEX, Documents, due_by
from services.refunds.adapters.mongo.documents import from_money, to_money
from services.refunds.application.ports.transaction import PspEvent, PspEventState
from services.refunds.domain.provider import ProviderRefund, ProviderStatus

PSP_EVENTS = "psp_events"
INDEXES = [DUE_INDEX]


class MongoPspEvents:
    """See `application.ports.transaction.PspEvents`; `_id` is the provider's event id."""

    def __init__(self, scope: Scope) -> None:
        self._rows = Documents(scope, PSP_EVENTS)

    async def get(self, event_id: str) -> PspEvent | None:
        """See the port."""
        row = await self._rows.get({"_id": event_id})
        return _event(row) if row else None

    async def add(self, event: PspEvent) -> None:
        """See the port."""
        event.version = 1
        await self._rows.insert([_document(event)])

    async def due(self, now: datetime, limit: int) -> list[str]:
        """See the port."""
        rows = await self._rows.find(due_by(now), [("due_at", ASCENDING)], limit)
        return [row["_id"] for row in rows]

    async def save(self, event: PspEvent) -> None:
        """See the port."""
        event.version += 1
        await self._rows.replace(_document(event), event.version - 1)


def _document(event: PspEvent) -> Document:
    return {
        "_id": event.event_id,
        "tenant_id": event.tenant_id,
        "type": event.type,
        "raw_body": Binary(event.raw_body),
        "received_at": event.received_at,
        "refund": _from_refund(event.refund) if event.refund else None,
        "state": event.state.value,
        "tries": event.tries,
        "due_at": event.due_at,
        "version": event.version,
    }


def _event(row: Document) -> PspEvent:
    return PspEvent(
        event_id=row["_id"],
        tenant_id=row["tenant_id"],
        type=row["type"],
        raw_body=bytes(row["raw_body"]),
        received_at=row["received_at"],
        refund=_to_refund(row["refund"]) if row["refund"] else None,
        state=PspEventState(row["state"]),
        tries=row["tries"],
        due_at=row["due_at"],
        version=row["version"],
    )


def _from_refund(refund: ProviderRefund) -> Document:
    return {
        "id": refund.id,
        "status": refund.status.value,
        "amount": from_money(refund.amount),
        "provider_payment_id": refund.provider_payment_id,
        "leg_id": refund.leg_id,
        "failure_reason": refund.failure_reason,
    }


def _to_refund(row: Document) -> ProviderRefund:
    return ProviderRefund(
        row["id"],
        ProviderStatus(row["status"]),
        to_money(row["amount"]),
        row["provider_payment_id"],
        row["leg_id"],
        row["failure_reason"],
    )
