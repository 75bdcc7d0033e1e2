"""Reconciliation runs in MongoDB."""

from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.refunds.adapters.mongo.collection import Documents
from services.refunds.adapters.mongo.documents import from_money, to_money
from services.refunds.application.ports.transaction import Run
from services.refunds.domain.reconciliation import Break, BreakKind, Statement

RUNS = "runs"
_SUMS = ("ledger_total", "psp_total", "timing", "unexplained", "fees")


class MongoRuns:
    """See `application.ports.transaction.Runs`."""

    def __init__(self, scope: Scope) -> None:
        self._rows = Documents(scope, RUNS)

    async def get(self, tenant_id: str, run_id: str) -> Run | None:
        """See the port."""
        row = await self._rows.get({"_id": f"{tenant_id}/{run_id}"})
        if row is None:
            return None
        statements = [_statement(each) for each in row["statements"]]
        return Run(tenant_id, run_id, row["from_at"], row["to_at"], row["created_at"], statements)

    async def add(self, run: Run) -> None:
        """See the port."""
        row: Document = {
            "_id": f"{run.tenant_id}/{run.run_id}",
            "tenant_id": run.tenant_id,
            "from_at": run.from_at,
            "to_at": run.to_at,
            "created_at": run.created_at,
            "statements": [_from_statement(statement) for statement in run.statements],
            "version": 1,
        }
        await self._rows.insert([row])


def _from_statement(statement: Statement) -> Document:
    return {
        "currency": statement.currency,
        **{name: from_money(getattr(statement, name)) for name in _SUMS},
        "matched": statement.matched,
        "breaks": [_from_break(each) for each in statement.breaks],
        "in_transit": [_from_break(each) for each in statement.in_transit],
    }


def _statement(row: Document) -> Statement:
    return Statement(
        currency=row["currency"],
        matched=row["matched"],
        breaks=tuple(_break(each) for each in row["breaks"]),
        in_transit=tuple(_break(each) for each in row["in_transit"]),
        **{name: to_money(row[name]) for name in _SUMS},
    )


def _from_break(found: Break) -> Document:
    return {
        "kind": found.kind.value,
        "leg_id": found.leg_id,
        "provider_refund_id": found.provider_refund_id,
        "difference": from_money(found.difference),
    }


def _break(row: Document) -> Break:
    return Break(
        BreakKind(row["kind"]), row["leg_id"], row["provider_refund_id"], to_money(row["difference"])
    )
