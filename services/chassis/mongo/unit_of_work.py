"""The unit of work on MongoDB: aggregate, outbox rows, inbox row and stored answer in one transaction."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pymongo import ASCENDING, IndexModel, ReadPreference
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from services.chassis.kernel.clock import Clock
from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.unit_of_work import AlreadyHandledError, Answer, Inbox
from services.chassis.mongo.client import Client, DatabaseHandle
from services.chassis.mongo.outbox import Outbox
from services.chassis.mongo.requests import REQUESTS, StoredAnswers

Tx = TypeVar("Tx")
Result = TypeVar("Result")

INBOX = "inbox"
INBOX_KEPT_SECONDS = 30 * 24 * 3600  # longer than any broker or dead letter keeps a message
INBOX_INDEXES = [IndexModel([("at", ASCENDING)], name="housekeeping", expireAfterSeconds=INBOX_KEPT_SECONDS)]

_OPTIONS: dict[str, Any] = {
    "read_concern": ReadConcern("snapshot"),
    "write_concern": WriteConcern("majority", j=True),
    "read_preference": ReadPreference.PRIMARY,
    "max_commit_time_ms": 5_000,
}


@dataclass(slots=True)
class Scope:
    """What a service builds its repositories on: the database, the session and the events told so far."""

    database: DatabaseHandle
    session: Any = None
    events: list[DomainEvent] = field(default_factory=list)


@dataclass(frozen=True)
class MongoUnitOfWork(Generic[Tx]):
    """See `services.chassis.kernel.unit_of_work.UnitOfWork`. `open` makes the service's transaction."""

    client: Client
    database: DatabaseHandle
    open: Callable[[Scope], Tx]
    outbox: Outbox
    answers: StoredAnswers
    clock: Clock
    inbox: Inbox | None = None

    async def read(self, query: Callable[[Tx], Awaitable[Result]]) -> Result:
        """See the port."""
        return await query(self.open(Scope(self.database)))

    async def run(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        """See the port."""
        return await self._commit(work)

    async def once(
        self,
        rpc: str,
        ctx: RequestContext,
        answer: type[Result],
        work: Callable[[Tx], Awaitable[Result]],
    ) -> Answer[Result]:
        """See the port."""

        async def answered(tx: Tx, session: Any) -> Answer[Result]:
            stored = await self.answers.find(rpc, ctx, answer, session)
            if stored is not None:
                return Answer(stored, replayed=True)
            value = await work(tx)
            await self.answers.insert(rpc, ctx, answer, value, self.clock.now(), session)
            return Answer(value)

        try:
            return await self._transaction(answered)
        except DuplicateKeyError as error:
            if not _is_in(error, REQUESTS):
                raise
        # The same request was answered by somebody else between our look and our commit.
        stored = await self.answers.find(rpc, ctx, answer)
        if stored is None:
            raise RuntimeError("a stored answer vanished between two reads")
        return Answer(stored, replayed=True)

    def within(self, inbox: Inbox) -> "MongoUnitOfWork[Tx]":
        """See the port."""
        return replace(self, inbox=inbox)

    async def _commit(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        async def plain(tx: Tx, _: Any) -> Result:
            return await work(tx)

        return await self._transaction(plain)

    async def _transaction(self, work: Callable[[Tx, Any], Awaitable[Result]]) -> Result:
        async def body(session: Any) -> Result:
            scope = Scope(self.database, session)
            result = await work(self.open(scope), session)
            await self.outbox.write(self.database, session, scope.events)
            await self._mark_handled(session)
            return result

        try:
            async with self.client.start_session() as session:
                return await session.with_transaction(body, **_OPTIONS)
        except DuplicateKeyError as error:
            if self.inbox is not None and _is_in(error, INBOX):
                raise AlreadyHandledError(self.inbox.event_id) from error
            raise

    async def _mark_handled(self, session: Any) -> None:
        if self.inbox is None:
            return
        row = {"_id": f"{self.inbox.handler}:{self.inbox.event_id}", "at": self.clock.now()}
        await self.database[INBOX].insert_one(row, session=session)


def _is_in(error: DuplicateKeyError, collection: str) -> bool:
    """Whether a duplicate key was found in that collection; the server names `database.collection`."""
    return f".{collection} index" in str(error)
