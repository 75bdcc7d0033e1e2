"""One transaction for the decisions on many accounts: one bulk write a collection."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ReadPreference
from pymongo.errors import BulkWriteError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.chassis.kernel.events import DomainEvent
from services.chassis.mongo.client import Client, DatabaseHandle, Document
from services.chassis.mongo.outbox import OUTBOX, Outbox
from services.chassis.mongo.requests import REQUESTS, adapter
from services.chassis.mongo.unit_of_work import INBOX
from services.loyalty.adapters.mongo import accounts, entries, lots, reservations
from services.loyalty.adapters.mongo.deciding import Accepted, Decided
from services.loyalty.domain.account import Account
from services.loyalty.domain.rules.earning import order_lot_id

_OPTIONS: dict[str, Any] = {
    "read_concern": ReadConcern("local"),  # nothing is read; versions are compared by the updates
    "write_concern": WriteConcern("majority", j=True),
    "read_preference": ReadPreference.PRIMARY,
}
_STATEMENTS = 200  # in one command: its documents must stay below 16 MB together
Session = Any  # of either client


class StaleError(Exception):
    """An account was changed by somebody else since it was read: read again and decide again."""


@dataclass(slots=True)
class Writes:
    """What is written to one collection."""

    inserts: list[Document] = field(default_factory=list)
    updates: list[Document] = field(default_factory=list)

    def update(self, query: Document, values: Document) -> None:
        """Set values in the one document that the query finds."""
        self.updates.append({"q": query, "u": {"$set": values}})


@dataclass(slots=True)
class Batch:
    """What one transaction writes. Accounts come first: there writers of other processes collide."""

    accounts: Writes = field(default_factory=Writes)
    lots: Writes = field(default_factory=Writes)
    reservations: Writes = field(default_factory=Writes)
    entries: list[Document] = field(default_factory=list)
    requests: list[Document] = field(default_factory=list)
    inbox: list[Document] = field(default_factory=list)
    events: list[DomainEvent] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.accounts.inserts or self.accounts.updates or self.requests or self.inbox)

    def add(self, decided: Decided, now: datetime) -> None:
        """Also what was decided on this account."""
        account = decided.account
        if account is None:
            return
        if decided.loaded is None:
            self.accounts.inserts.append(accounts.to_document(account))
        elif _has_changed(account, decided.loaded.row):
            before = {"_id": decided.loaded.row["_id"], "version": decided.loaded.row["version"]}
            self.accounts.update(before, accounts.to_update(account))
        self._add_parts(account, decided)
        documents = [entries.to_document(entry) for entry in account.entries]
        for accepted in decided.accepted:
            self._add_request(accepted, documents, now)
        self.entries += documents
        self.events += account.events

    def _add_parts(self, account: Account, decided: Decided) -> None:
        owner = accounts.account_key(account.tenant_id, account.account_id)
        stored = decided.loaded.lots if decided.loaded else {}
        for lot_id, is_new in account.changed_lots.items():
            lot = account.lots[lot_id]
            key = lots.lot_key(owner, lot_id)
            if is_new and key not in stored:
                self.lots.inserts.append(lots.to_document(account, lot))
                continue
            # A new lot of an order whose early facts are stored completes that document.
            update = lots.to_document(account, lot) if is_new else lots.to_update(lot)
            update.pop("_id", None)
            update.pop("order", None)
            self.lots.update({"_id": key}, update)
        for order_id in account.changed_orders:
            self._add_order(account, order_id, owner, stored)
        for reservation_id, is_new in account.changed_reservations.items():
            reservation = account.reservations[reservation_id]
            if is_new:
                self.reservations.inserts.append(reservations.to_document(account, reservation))
            else:
                key = reservations.reservation_key(owner, reservation_id)
                self.reservations.update({"_id": key}, reservations.to_update(reservation))

    def _add_order(self, account: Account, order_id: str, owner: str, stored: dict[str, Document]) -> None:
        order, lot_id = account.orders[order_id], order_lot_id(order_id)
        key = lots.lot_key(owner, lot_id)
        if key in stored:
            self.lots.update({"_id": key}, {"order": lots.from_order(order)})
        elif lot_id not in account.changed_lots:
            self.lots.inserts.append(lots.facts_only(account, order))

    def _add_request(self, accepted: Accepted, documents: list[Document], now: datetime) -> None:
        change = accepted.change
        request = change.request
        if request is not None and request.answer is None:
            own = documents[accepted.first : accepted.last]
            entries.keep_answer(own, change.tenant_id, request, accepted.answer.balance)
        elif request is not None and request.answer is not None:
            self.requests.append(
                {
                    "_id": entries.request_key(change.tenant_id, request),
                    "fingerprint": request.fingerprint,
                    "answer": adapter(request.answer).dump_python(accepted.answer, mode="json"),
                    "at": now,
                }
            )
        if change.inbox is not None:
            handled = f"{change.inbox.handler}:{change.inbox.event_id}"
            self.inbox.append({"_id": handled, "at": now})


def _has_changed(account: Account, row: Document) -> bool:
    return (
        account.sequence != row["sequence"]
        or account.told != row["told"]
        or bool(account.changed_lots or account.changed_orders or account.changed_reservations)
        or account.next_due_at != row["next_due_at"]
    )


class Writer:
    """Writes batches."""

    def __init__(self, client: Client, database: DatabaseHandle, outbox: Outbox) -> None:
        self._client = client
        self._database = database
        self._outbox = outbox

    async def write(self, batch: Batch) -> None:
        """Commit the batch or nothing of it.

        Raises StaleError, pymongo's BulkWriteError for a duplicate key, and other PyMongoErrors.
        """
        rows = self._outbox.rows(batch.events)

        async def body(session: Session) -> None:
            if await self._write(accounts.ACCOUNTS, batch.accounts, session) != len(batch.accounts.updates):
                raise StaleError
            await self._write(lots.LOTS, batch.lots, session)
            await self._write(reservations.RESERVATIONS, batch.reservations, session)
            await self._insert(entries.ENTRIES, batch.entries, session)
            await self._insert(REQUESTS, batch.requests, session)
            await self._insert(OUTBOX, rows, session)
            await self._insert(INBOX, batch.inbox, session)

        async with self._client.start_session() as session:
            await session.with_transaction(body, **_OPTIONS)

    async def _write(self, collection: str, writes: Writes, session: Session) -> int:
        """Insert and update. Returns how many updates found their document."""
        found = 0
        for some in _slices(writes.updates):
            command = {"update": collection, "updates": some, "ordered": False}
            found += await self._run(command, session)
        await self._insert(collection, writes.inserts, session)
        return found

    async def _insert(self, collection: str, documents: list[Document], session: Session) -> None:
        for some in _slices(documents):
            await self._run({"insert": collection, "documents": some, "ordered": False}, session)

    async def _run(self, command: Document, session: Session) -> int:
        # The commands themselves: the driver's bulk methods cost more a document than all our own work on it.
        reply = await self._database.command(command, session=session)
        if "writeErrors" in reply:
            raise BulkWriteError(reply)
        return int(reply["n"])


def _slices(statements: list[Document]) -> Iterator[list[Document]]:
    for start in range(0, len(statements), _STATEMENTS):
        yield statements[start : start + _STATEMENTS]
