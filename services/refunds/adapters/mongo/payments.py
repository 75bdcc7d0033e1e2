"""Payments in MongoDB: one document a charge, so that its cap is one compare-and-set."""

from collections.abc import Sequence

from bson.int64 import Int64
from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.refunds.adapters.mongo.collection import Documents
from services.refunds.adapters.mongo.documents import from_money, to_money
from services.refunds.domain.payment import Payment, Phase, Provider, Share

PAYMENTS = "payments"
INDEXES = [
    IndexModel([("tenant_id", ASCENDING), ("order_id", ASCENDING)], name="order"),
    # One cap a charge, whoever imports it: the provider's account is one for all tenants.
    IndexModel(
        [("provider_payment_id", ASCENDING)],
        name="charge",
        unique=True,
        partialFilterExpression={"provider": Provider.STRIPE.value},
    ),
]


class MongoPayments:
    """See `application.ports.transaction.Payments`."""

    def __init__(self, scope: Scope) -> None:
        self._rows = Documents(scope, PAYMENTS)

    async def of_order(self, tenant_id: str, order_id: str) -> list[Payment]:
        """See the port."""
        query = {"tenant_id": tenant_id, "order_id": order_id}
        sort = [("imported_at", ASCENDING), ("ordinal", ASCENDING), ("payment_id", ASCENDING)]
        return [_payment(row) for row in await self._rows.find(query, sort)]

    async def get(self, tenant_id: str, payment_id: str) -> Payment | None:
        """See the port."""
        row = await self._rows.get({"_id": _id(tenant_id, payment_id)})
        return _payment(row) if row else None

    async def by_provider_id(self, provider_payment_id: str) -> Payment | None:
        """See the port."""
        row = await self._rows.get(_of_stripe([provider_payment_id]))
        return _payment(row) if row else None

    async def known(self, payments: Sequence[Payment]) -> dict[str, Payment]:
        """See the port."""
        rows = await self._rows.find({"_id": {"$in": [_id(p.tenant_id, p.payment_id) for p in payments]}})
        charges = [p.provider_payment_id for p in payments if p.provider is Provider.STRIPE]
        rows += await self._rows.find(_of_stripe(charges)) if charges else []
        stored = [_payment(row) for row in rows]
        by_id = {payment.payment_id: payment for payment in stored}
        by_charge = {p.provider_payment_id: p for p in stored if p.provider is Provider.STRIPE}
        found = {
            p.payment_id: by_id.get(p.payment_id) or by_charge.get(p.provider_payment_id) for p in payments
        }
        return {asked: payment for asked, payment in found.items() if payment is not None}

    async def currencies(self, tenant_id: str, order_ids: Sequence[str]) -> dict[str, str]:
        """See the port."""
        rows = await self._rows.find({"tenant_id": tenant_id, "order_id": {"$in": list(order_ids)}})
        return {row["order_id"]: row["captured"]["currency"] for row in rows}

    async def add(self, payments: Sequence[Payment]) -> None:
        """See the port."""
        for payment in payments:
            payment.version = 1
        await self._rows.insert([_document(payment) for payment in payments])

    async def save(self, payment: Payment) -> None:
        """See the port."""
        payment.version += 1
        await self._rows.replace(_document(payment), payment.version - 1)


def _id(tenant_id: str, payment_id: str) -> str:
    return f"{tenant_id}/{payment_id}"


def _of_stripe(charges: Sequence[str]) -> Document:
    return {"provider": Provider.STRIPE.value, "provider_payment_id": {"$in": list(charges)}}


def _document(payment: Payment) -> Document:
    return {
        "_id": _id(payment.tenant_id, payment.payment_id),
        "tenant_id": payment.tenant_id,
        "payment_id": payment.payment_id,
        "order_id": payment.order_id,
        "provider": payment.provider.value,
        "provider_payment_id": payment.provider_payment_id,
        "captured": from_money(payment.captured),
        "imported_at": payment.imported_at,
        "ordinal": payment.ordinal,
        # A list, not a map: the id of an external refund is the provider's and may hold any character.
        "legs": [
            {"leg_id": leg_id, "minor": Int64(share.minor), "phase": share.phase.value}
            for leg_id, share in payment.legs.items()
        ],
        "version": payment.version,
    }


def _payment(row: Document) -> Payment:
    return Payment(
        tenant_id=row["tenant_id"],
        payment_id=row["payment_id"],
        order_id=row["order_id"],
        provider=Provider(row["provider"]),
        provider_payment_id=row["provider_payment_id"],
        captured=to_money(row["captured"]),
        imported_at=row["imported_at"],
        ordinal=row["ordinal"],
        legs={leg["leg_id"]: Share(int(leg["minor"]), Phase(leg["phase"])) for leg in row["legs"]},
        version=row["version"],
    )
