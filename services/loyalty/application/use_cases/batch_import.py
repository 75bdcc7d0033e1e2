"""BatchImport: past orders, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.application.ports import Change, Needs, Opening, Ports
from services.loyalty.application.use_cases.earn_points import earn_now
from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.orders import Basket
from services.loyalty.domain.program import Program

ERRORS_SHOWN = 1_000


class ImportRow(NamedTuple):
    """One past order; `row` is its place in the whole stream, from 0."""

    row: int
    account_id: str
    customer_id: str
    basket: Basket


class RowError(NamedTuple):
    """Why a row was refused."""

    row: int
    reason: str
    message: str


@dataclass(slots=True)
class ImportReport:
    """What an import did so far."""

    rows: int = 0
    earned_orders: int = 0
    duplicate_orders: int = 0
    points: int = 0
    opened_accounts: int = 0
    error_count: int = 0
    errors: list[RowError] = field(default_factory=list)

    def refuse(self, row: int, error: AftercareError) -> None:
        """Note a refused row."""
        self.error_count += 1
        if len(self.errors) < ERRORS_SHOWN:
            self.errors.append(RowError(row, error.reason, error.message))


class _Imported(NamedTuple):
    """What one account's rows did."""

    opened: bool
    points: list[int]
    duplicates: int
    refused: list[tuple[int, AftercareError]]


async def import_rows(
    ports: Ports, ctx: RequestContext, program_id: str, rows: Sequence[ImportRow], report: ImportReport
) -> None:
    """Import a chunk in one commit, grouped by account, and add what it did to the report.

    Natural keys make it safe to repeat: an order that has earned before counts as a duplicate. A refused
    row never fails its neighbours. Raises PROGRAM_NOT_FOUND.
    """
    await ports.programs.get(ctx.tenant_id, program_id)
    by_account: dict[str, list[ImportRow]] = {}
    for row in rows:
        by_account.setdefault(row.account_id, []).append(row)
    groups = list(by_account.values())
    # Orders are taken for new until one turns out to be known: then this import is a repetition.
    guess_new = report.duplicate_orders == 0
    verdicts = await ports.accounts.change_many(
        [_change(ctx, program_id, group, guess_new=guess_new) for group in groups]
    )
    report.rows += len(rows)
    for group, verdict in zip(groups, verdicts, strict=True):
        _count(report, group, verdict)


def _change(
    ctx: RequestContext, program_id: str, rows: Sequence[ImportRow], *, guess_new: bool
) -> Change[_Imported]:
    def decide(account: Account, program: Program, now: datetime) -> _Imported:
        if account.program_id != program_id:
            raise errors.already_enrolled(account.customer_id, account.account_id)
        return _earn_all(account, program, rows, now)

    return Change(
        ctx.tenant_id,
        rows[0].account_id,
        decide,
        Needs(orders=tuple(row.basket.order_id for row in rows), guess_new=guess_new),
        opens=Opening(program_id, rows[0].customer_id),
    )


def _earn_all(account: Account, program: Program, rows: Sequence[ImportRow], now: datetime) -> _Imported:
    imported = _Imported(account.is_new, [], 0, [])
    duplicates = 0
    account.announcing = False
    for row in rows:
        try:
            change = earn_now(account, program, row.basket, now)
        except AftercareError as error:
            if error.reason == errors.DUPLICATE_SOURCE:
                duplicates += 1
            else:
                imported.refused.append((row.row, error))
        else:
            imported.points.append(change.entries[0].points)
    account.announcing = True
    return imported._replace(duplicates=duplicates)


def _count(
    report: ImportReport, rows: Sequence[ImportRow], verdict: Answer[_Imported] | AftercareError
) -> None:
    if isinstance(verdict, AftercareError):
        for row in rows:
            report.refuse(row.row, verdict)
        return
    done = verdict.value
    report.opened_accounts += done.opened
    report.earned_orders += len(done.points)
    report.points += sum(done.points)
    report.duplicate_orders += done.duplicates
    for number, error in done.refused:
        report.refuse(number, error)
