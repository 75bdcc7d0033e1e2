"""One transaction for the decisions on many accounts: one bulk write a collection."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import InsertOne, ReadPreference, UpdateOne
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
Session = Any  # of either client
_Operation = InsertOne[Document] | UpdateOne


class StaleError(Exception):
    """An account was changed by somebody else since it was read: read again and decide again."""


@dataclass(slots=True)
class Batch:
    """What one transaction writes. Accounts come first: there writers of other processes collide."""

    accounts: list[_Operation] = field(default_factory=list)
    lots: list[_Operation] = field(default_factory=list)
    reservations: list[_Operation] = field(default_factory=list)
    entries: list[Document] = field(default_factory=list)
    requests: list[Document] = field(default_factory=list)
    inbox: list[Document] = field(default_factory=list)
    events: list[DomainEvent] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.accounts or self.requests or self.inbox)

    def add(self, decided: Decided, now: datetime) -> None:
        """Also what was decided on this account."""
        account = decided.account
        if account is None:
            return
        if decided.loaded is None:
            self.accounts.append(InsertOne(accounts.to_document(account)))
        elif _has_changed(account, decided.loaded.row):
            before = {"_id": decided.loaded.row["_id"], "version": decided.loaded.row["version"]}
            self.accounts.append(UpdateOne(before, {"$set": accounts.to_update(account)}))
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
                self.lots.append(InsertOne(lots.to_document(account, lot)))
                continue
            # A new lot of an order whose early facts are stored completes that document.
            update = lots.to_document(account, lot) if is_new else lots.to_update(lot)
            update.pop("_id", None)
            update.pop("order", None)
            self.lots.append(UpdateOne({"_id": key}, {"$set": update}))
        for order_id in account.changed_orders:
            self._add_order(account, order_id, owner, stored)
        for reservation_id, is_new in account.changed_reservations.items():
            reservation = account.reservations[reservation_id]
            self.reservations.append(
                InsertOne(reservations.to_document(account, reservation))
                if is_new
                else UpdateOne(
                    {"_id": reservations.reservation_key(owner, reservation_id)},
                    {"$set": reservations.to_update(reservation)},
                )
            )

    def _add_order(self, account: Account, order_id: str, owner: str, stored: dict[str, Document]) -> None:
        order, lot_id = account.orders[order_id], order_lot_id(order_id)
        key = lots.lot_key(owner, lot_id)
        if key in stored:
            self.lots.append(UpdateOne({"_id": key}, {"$set": {"order": lots.from_order(order)}}))
        elif lot_id not in account.changed_lots:
            self.lots.append(InsertOne(lots.facts_only(account, order)))

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
            await self._update(batch.accounts, session)
            await self._bulk("lots", batch.lots, session)
            await self._bulk("reservations", batch.reservations, session)
            await self._insert("entries", batch.entries, session)
            await self._insert(REQUESTS, batch.requests, session)
            await self._insert(OUTBOX, rows, session)
            await self._insert(INBOX, batch.inbox, session)

        async with self._client.start_session() as session:
            await session.with_transaction(body, **_OPTIONS)

    async def _update(self, operations: Sequence[_Operation], session: Session) -> None:
        if not operations:
            return
        collection = self._database[accounts.ACCOUNTS]
        result = await collection.bulk_write(operations, ordered=False, session=session)
        if result.inserted_count + result.matched_count != len(operations):
            raise StaleError

    async def _bulk(self, name: str, operations: Sequence[_Operation], session: Session) -> None:
        if operations:
            await self._database[name].bulk_write(operations, ordered=False, session=session)

    async def _insert(self, name: str, documents: Sequence[Document], session: Session) -> None:
        if documents:
            await self._database[name].insert_many(documents, ordered=False, session=session)
