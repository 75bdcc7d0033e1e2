"""Legs in MongoDB."""

import json
from collections.abc import Sequence
from datetime import datetime

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.refunds.adapters.mongo.collection import DUE_INDEX, Documents, due_by
from services.refunds.adapters.mongo.documents import from_money, to_money
from services.refunds.domain.leg import Doubt, Lease, Leg, LegKind, LegState

LEGS = "legs"
INDEXES = [
    DUE_INDEX,
    IndexModel([("tenant_id", ASCENDING), ("refund_id", ASCENDING)], name="refund"),
    IndexModel(
        [("provider_refund_id", ASCENDING)],
        name="provider_refund",
        unique=True,
        partialFilterExpression={"provider_refund_id": {"$gt": ""}},
    ),
]


class MongoLegs:
    """See `application.ports.transaction.Legs`."""

    def __init__(self, scope: Scope) -> None:
        self._rows = Documents(scope, LEGS)

    async def get(self, leg_id: str) -> Leg | None:
        """See the port."""
        row = await self._rows.get({"_id": leg_id})
        return _leg(row) if row else None

    async def of_refunds(self, tenant_id: str, refund_ids: Sequence[str]) -> list[Leg]:
        """See the port."""
        query = {"tenant_id": tenant_id, "refund_id": {"$in": list(refund_ids)}}
        return [_leg(row) for row in await self._rows.find(query, [("_id", ASCENDING)])]

    async def by_provider_refunds(self, provider_refund_ids: Sequence[str]) -> list[Leg]:
        """See the port."""
        # `$gt` lets the server use the partial index.
        query = {"provider_refund_id": {"$in": list(provider_refund_ids), "$gt": ""}}
        return [_leg(row) for row in await self._rows.find(query)]

    async def some(self, leg_ids: Sequence[str]) -> list[Leg]:
        """See the port."""
        return [_leg(row) for row in await self._rows.find({"_id": {"$in": list(leg_ids)}})]

    async def due(self, now: datetime, limit: int) -> list[str]:
        """See the port."""
        rows = await self._rows.find(due_by(now), [("due_at", ASCENDING)], limit)
        return [row["_id"] for row in rows]

    async def add(self, legs: Sequence[Leg]) -> None:
        """See the port."""
        for leg in legs:
            leg.version = 1
        await self._rows.insert([_document(leg) for leg in legs])

    async def save(self, leg: Leg) -> None:
        """See the port."""
        leg.version += 1
        await self._rows.replace(_document(leg), leg.version - 1)


def _document(leg: Leg) -> Document:
    return {
        "_id": leg.leg_id,
        "tenant_id": leg.tenant_id,
        "refund_id": leg.refund_id,
        "kind": leg.kind.value,
        "payment_id": leg.payment_id,
        "provider_payment_id": leg.provider_payment_id,
        "amount": from_money(leg.amount),
        "state": leg.state.value,
        "created_at": leg.created_at,
        "due_at": leg.due_at,
        "attempt": leg.attempt,
        "idempotency_key": leg.idempotency_key,
        # As text: frozen to the letter, whatever MongoDB thinks of key order or number types.
        "params": json.dumps(leg.params),
        "first_sent_at": leg.first_sent_at,
        "last_sent_at": leg.last_sent_at,
        "wire_calls": leg.wire_calls,
        "tries": leg.tries,
        "doubt": leg.doubt.value,
        "provider_refund_id": leg.provider_refund_id,
        "rank": leg.rank,
        "posted": leg.posted,
        "failure_reason": leg.failure_reason,
        "lease": {"owner": leg.lease.owner, "until": leg.lease.until} if leg.lease else None,
        "version": leg.version,
    }


def _leg(row: Document) -> Leg:
    lease = row["lease"]
    return Leg(
        tenant_id=row["tenant_id"],
        leg_id=row["_id"],
        refund_id=row["refund_id"],
        kind=LegKind(row["kind"]),
        payment_id=row["payment_id"],
        provider_payment_id=row["provider_payment_id"],
        amount=to_money(row["amount"]),
        state=LegState(row["state"]),
        created_at=row["created_at"],
        due_at=row["due_at"],
        attempt=row["attempt"],
        idempotency_key=row["idempotency_key"],
        params=json.loads(row["params"]),
        first_sent_at=row["first_sent_at"],
        last_sent_at=row["last_sent_at"],
        wire_calls=row["wire_calls"],
        tries=row["tries"],
        doubt=Doubt(row["doubt"]),
        provider_refund_id=row["provider_refund_id"],
        rank=row["rank"],
        posted=row["posted"],
        failure_reason=row["failure_reason"],
        lease=Lease(lease["owner"], lease["until"]) if lease else None,
        version=row["version"],
    )
