"""The journal and the findings in MongoDB: append only, each kept once."""

from datetime import datetime

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.refunds.adapters.mongo.collection import Documents
from services.refunds.adapters.mongo.documents import from_money, to_money
from services.refunds.domain.breaks import OpenBreak
from services.refunds.domain.journal import Account, Entry

JOURNAL = "journal"
JOURNAL_INDEXES = [
    IndexModel([("tenant_id", ASCENDING), ("booked_at", ASCENDING)], name="period"),
    IndexModel([("leg_id", ASCENDING)], name="leg"),
]
BREAKS = "breaks"
BREAKS_INDEXES = [
    IndexModel([("tenant_id", ASCENDING), ("state", ASCENDING), ("opened_at", ASCENDING)], name="open")
]


class MongoJournal:
    """See `application.ports.transaction.Journal`."""

    def __init__(self, scope: Scope) -> None:
        self._rows = Documents(scope, JOURNAL)

    async def post(self, entry: Entry) -> None:
        """See the port."""
        amount = from_money(entry.amount)
        nothing = {**amount, "minor": amount["minor"] * 0}
        row: Document = {
            "_id": entry.entry_id,
            "tenant_id": entry.tenant_id,
            "leg_id": entry.leg_id,
            "refund_id": entry.refund_id,
            "provider_refund_id": entry.provider_refund_id,
            "amount": amount,
            "booked_at": entry.booked_at,
            "lines": [
                {"account": entry.debit.value, "debit": amount, "credit": nothing},
                {"account": entry.credit.value, "debit": nothing, "credit": amount},
            ],
            "version": 1,
        }
        await self._rows.insert([row])

    async def clearing(self, tenant_id: str, from_at: datetime, to_at: datetime) -> list[Entry]:
        """See the port."""
        query = {
            "tenant_id": tenant_id,
            "booked_at": {"$gte": from_at, "$lt": to_at},
            "lines.account": Account.STRIPE_CLEARING.value,
        }
        return [_entry(row) for row in await self._rows.find(query, [("booked_at", ASCENDING)])]


def _entry(row: Document) -> Entry:
    debit, credit = row["lines"]
    return Entry(
        row["tenant_id"],
        row["_id"],
        row["leg_id"],
        row["refund_id"],
        row["provider_refund_id"],
        Account(debit["account"]),
        Account(credit["account"]),
        to_money(row["amount"]),
        row["booked_at"],
    )


class MongoBreaks:
    """See `application.ports.transaction.Breaks`."""

    def __init__(self, scope: Scope) -> None:
        self._rows = Documents(scope, BREAKS)

    async def open(self, found: OpenBreak) -> None:
        """See the port."""
        await self._rows.insert_new(
            {
                "_id": found.break_id,
                "tenant_id": found.tenant_id,
                "alarm": found.alarm.value,
                "leg_id": found.leg_id,
                "provider_refund_id": found.provider_refund_id,
                "amount": from_money(found.amount),
                "opened_at": found.opened_at,
                "state": "OPEN",
                "version": 1,
            }
        )
