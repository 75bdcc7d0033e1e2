"""The story of a return, append-only."""

from collections.abc import Sequence
from dataclasses import fields

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.returns.domain.cases.story import TimelineEntry

TIMELINE = "timeline"
INDEXES: list[IndexModel] = []  # read by _id ranges only: return, then sequence
_FIELDS = tuple(field.name for field in fields(TimelineEntry))


class MongoTimeline:
    """Entries of returns in the order of their sequence."""

    def __init__(self, scope: Scope) -> None:
        self._collection = scope.database[TIMELINE]
        self._session = scope.session

    async def append(self, entries: Sequence[TimelineEntry]) -> None:
        """Insert them."""
        if entries:
            await self._collection.insert_many([_document(entry) for entry in entries], session=self._session)

    async def of(self, tenant_id: str, return_id: str) -> list[TimelineEntry]:
        """All entries of a return, oldest first."""
        span = {"$gt": f"{return_id}/", "$lt": f"{return_id}0"}  # "0" follows "/"
        rows = self._collection.find({"_id": span, "tenant_id": tenant_id}, session=self._session)
        return [
            TimelineEntry(**{name: row[name] for name in _FIELDS})
            for row in await rows.sort("_id", ASCENDING).to_list(None)
        ]


def _document(entry: TimelineEntry) -> Document:
    document = {name: getattr(entry, name) for name in _FIELDS}
    return {"_id": f"{entry.return_id}/{entry.sequence:08d}", **document}
