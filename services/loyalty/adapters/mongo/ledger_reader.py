"""The ledger, for readers."""

from services.chassis.kernel.pagination import Page, decode_token, encode_token
from services.chassis.mongo.client import DatabaseHandle, Document
from services.loyalty.adapters.mongo.accounts import account_key
from services.loyalty.adapters.mongo.entries import ENTRIES, entry_key, to_entry
from services.loyalty.domain import errors
from services.loyalty.domain.ledger import Entry


class LedgerReader:
    """See `services.loyalty.application.ports.Ledger`."""

    def __init__(self, database: DatabaseHandle) -> None:
        self._database = database

    async def page(self, tenant_id: str, account_id: str, size: int, token: str) -> Page[Entry]:
        """See the port."""
        # Ids begin with the account and sort as its ledger: "0" is the character after "/".
        owner = account_key(tenant_id, account_id)
        before = entry_key(owner, _position(token)) if token else f"{owner}0"
        query: Document = {"_id": {"$gt": f"{owner}/", "$lt": before}}
        rows = await self._database[ENTRIES].find(query).sort([("_id", -1)]).limit(size + 1).to_list()
        more = len(rows) > size
        last = str(rows[size - 1]["sequence"]) if more else ""
        return Page([to_entry(row) for row in rows[:size]], encode_token(last))


def _position(token: str) -> int:
    position = decode_token(token)
    if not (position.isascii() and position.isdigit()):
        raise errors.invalid_page_token()
    return int(position)
