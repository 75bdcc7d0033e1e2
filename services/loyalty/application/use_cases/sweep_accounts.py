"""The sweep: writes down what the clock has decided."""

from datetime import datetime

from services.loyalty.application.ports import Change, Ports
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program

BATCH = 200


async def sweep_accounts(ports: Ports, limit: int = 5_000) -> int:
    """Apply the clock to accounts that are due. Returns how many it looked at.

    Every command applies the clock first and every write compares versions, so running this twice, or in
    two processes at once, writes nothing twice.
    """
    swept = 0
    while swept < limit:
        due = await ports.accounts.due(ports.clock.now(), BATCH)
        if not due:
            break
        verdicts = await ports.accounts.change_many(
            [Change(tenant_id, account_id, _nothing_more) for tenant_id, account_id in due]
        )
        swept += len(verdicts)
        if len(due) < BATCH:
            break
    return swept


def _nothing_more(_account: Account, _program: Program, _now: datetime) -> None:
    """The clock was applied before any decision; that is all a sweep is for."""
