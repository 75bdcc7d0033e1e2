"""GetAccount."""

from datetime import datetime

from services.loyalty.application.answers import AccountView, view_account
from services.loyalty.application.ports import Ports
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program


async def get_account(ports: Ports, tenant_id: str, account_id: str) -> AccountView:
    """Raises ACCOUNT_NOT_FOUND."""
    return await ports.accounts.look(tenant_id, account_id, _view)


def _view(account: Account, _program: Program, _now: datetime) -> AccountView:
    return view_account(account)
