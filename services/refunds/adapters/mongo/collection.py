"""Writes that every repository here needs: compare and set, and inserts that tell of a race."""

from collections.abc import Sequence
from datetime import UTC, datetime

from pymongo import ASCENDING, IndexModel
from pymongo.errors import BulkWriteError, DuplicateKeyError

from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.mongo.client import CollectionHandle, Document
from services.chassis.mongo.unit_of_work import Scope
from services.refunds.application.ports import RaceError

_DUPLICATE_KEY = 11000
_ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
# Holds only rows that somebody must look at. The server takes a partial index only for a query that names its
# condition, so `due_by` does; with `$type` as the condition it would scan the collection instead.
DUE_INDEX = IndexModel(
    [("due_at", ASCENDING)], name="waiting", partialFilterExpression={"due_at": {"$gt": _ALWAYS}}
)


def due_by(now: datetime) -> Document:
    """The query for rows that are due."""
    return {"due_at": {"$gt": _ALWAYS, "$lte": now}}


class Documents:
    """A collection within a commit (or outside one, for reads)."""

    def __init__(self, scope: Scope, name: str) -> None:
        self._collection: CollectionHandle = scope.database[name]
        self._session = scope.session

    async def get(self, query: Document) -> Document | None:
        """The first that fits."""
        return await self._collection.find_one(query, session=self._session)

    async def find(
        self, query: Document, sort: Sequence[tuple[str, int]] = (), limit: int = 0
    ) -> list[Document]:
        """All that fit; limit 0 = no limit."""
        cursor = self._collection.find(query, session=self._session)
        if sort:
            cursor = cursor.sort(list(sort))
        if limit:
            cursor = cursor.limit(limit)
        return await cursor.to_list(None)

    async def insert(self, documents: Sequence[Document]) -> None:
        """Store new ones. Raises RaceError when one is there."""
        if not documents:
            return
        try:
            await self._collection.insert_many(list(documents), ordered=False, session=self._session)
        except DuplicateKeyError as error:
            raise RaceError(str(error)) from error
        except BulkWriteError as error:
            codes = {each.get("code") for each in (error.details or {}).get("writeErrors", [])}
            if codes == {_DUPLICATE_KEY}:
                raise RaceError(str(codes)) from error
            raise

    async def insert_new(self, document: Document) -> bool:
        """Store one unless it is there; whether it was new. Needs no unique index but `_id`."""
        result = await self._collection.update_one(
            {"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True, session=self._session
        )
        return result.upserted_id is not None

    async def replace(self, document: Document, version: int) -> None:
        """Store a change of the version that was loaded. Raises VERSION_CONFLICT."""
        result = await self._collection.replace_one(
            {"_id": document["_id"], "version": version}, document, session=self._session
        )
        if result.matched_count == 0:
            raise AftercareError(
                Kind.ABORTED,
                "VERSION_CONFLICT",
                "somebody else changed the same record at the same time; retry with the same key",
            )
