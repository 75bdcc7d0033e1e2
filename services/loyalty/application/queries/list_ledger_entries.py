"""ListLedgerEntries."""

from services.chassis.kernel.pagination import Page, page_size
from services.loyalty.application.ports import Ports
from services.loyalty.application.queries.get_account import get_account
from services.loyalty.domain.ledger import Entry


async def list_ledger_entries(
    ports: Ports, tenant_id: str, account_id: str, size: int, token: str
) -> Page[Entry]:
    """What is written, newest first. Raises ACCOUNT_NOT_FOUND, INVALID_PAGE_TOKEN."""
    await get_account(ports, tenant_id, account_id)
    return await ports.ledger.page(tenant_id, account_id, page_size(size), token)
