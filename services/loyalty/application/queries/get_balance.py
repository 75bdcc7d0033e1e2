"""GetBalance."""

from datetime import datetime

from services.loyalty.application.ports import Ports
from services.loyalty.domain.account import Account
from services.loyalty.domain.ledger import Balance
from services.loyalty.domain.program import Program


async def get_balance(ports: Ports, tenant_id: str, account_id: str) -> Balance:
    """The balance by the clock, swept or not. Raises ACCOUNT_NOT_FOUND."""
    return await ports.accounts.look(tenant_id, account_id, _balance)


def _balance(account: Account, _program: Program, now: datetime) -> Balance:
    return account.balance(now)
