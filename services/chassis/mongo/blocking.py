"""Blocking pymongo behind the awaitable face of its asyncio client.

`work` and `relay` have no event loop: there each awaited call does its whole work at once, so that one set of
repositories and one unit of work serve both kinds of process. Only what the repositories use is here.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self, TypeVar

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.cursor import Cursor
from pymongo.database import Database

from services.chassis.kernel.coroutines import run_now

Result = TypeVar("Result")


class BlockingCursor:
    """A cursor whose rows are fetched as they are asked for."""

    def __init__(self, cursor: Cursor[Any]) -> None:
        self._cursor = cursor

    def sort(self, *args: Any) -> Self:
        """As pymongo's."""
        self._cursor = self._cursor.sort(*args)
        return self

    def limit(self, limit: int) -> Self:
        """As pymongo's."""
        self._cursor = self._cursor.limit(limit)
        return self

    async def to_list(self, length: int | None = None) -> list[Any]:
        """As pymongo's."""
        return self._cursor.to_list(length)

    async def __aiter__(self) -> AsyncIterator[Any]:
        for row in self._cursor:
            yield row


class BlockingCollection:
    """A collection; `find` gives a cursor, everything else is awaited."""

    def __init__(self, collection: Collection[Any]) -> None:
        self._collection = collection

    def find(self, *args: Any, **kwargs: Any) -> BlockingCursor:
        """As pymongo's."""
        return BlockingCursor(self._collection.find(*args, **kwargs))

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._collection, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            return method(*args, **kwargs)

        return call


class BlockingDatabase:
    """A database of blocking collections."""

    def __init__(self, database: Database[Any]) -> None:
        self._database = database
        self.name = database.name

    def __getitem__(self, name: str) -> BlockingCollection:
        return BlockingCollection(self._database[name])

    async def command(self, *args: Any, **kwargs: Any) -> Any:
        """As pymongo's."""
        return self._database.command(*args, **kwargs)


class BlockingSession:
    """A session; commits coroutines that never suspend."""

    def __init__(self, session: ClientSession) -> None:
        self.session = session

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.session.end_session()

    async def with_transaction(
        self,
        work: Callable[[ClientSession], Awaitable[Result]],
        **options: Any,
    ) -> Result:
        """As pymongo's; `work` gets the plain session to hand to collections."""
        return self.session.with_transaction(lambda session: run_now(work(session)), **options)  # type: ignore[arg-type]


class BlockingClient:
    """A blocking client with the asyncio client's face."""

    def __init__(self, client: MongoClient[Any]) -> None:
        self.client = client

    def __getitem__(self, name: str) -> BlockingDatabase:
        return BlockingDatabase(self.client[name])

    def start_session(self, **options: Any) -> BlockingSession:
        """As pymongo's."""
        return BlockingSession(self.client.start_session(**options))

    async def close(self) -> None:
        """As pymongo's."""
        self.client.close()
