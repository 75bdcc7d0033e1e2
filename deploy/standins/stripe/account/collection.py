from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from deploy.standins.stripe.wire.errors import StripeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deploy.standins.stripe.wire.call import StripeObject


class Collection:
    """The objects of one kind in the order they were made, bounded in number.

    `by` names fields that never change after creation; they are indexed, so that finding the
    refunds of one payment does not cost more as an account fills up.
    """

    def __init__(self, kind: str, limit: int, *, by: tuple[str, ...] = ()) -> None:
        self.kind = kind
        self._limit = limit
        self._rows: list[StripeObject] = []
        self._first = 0  # the number of the oldest row still kept
        self._number: dict[str, int] = {}
        self._index: dict[str, dict[str, list[StripeObject]]] = {name: {} for name in by}

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def evicted(self) -> int:
        """How many of the oldest rows were let go to stay within the limit."""
        return self._first

    def add(self, row: StripeObject) -> StripeObject:
        if len(self._rows) >= self._limit:
            self._make_room()
        self._number[row["id"]] = self._first + len(self._rows)
        self._rows.append(row)
        for name, rows_by_value in self._index.items():
            rows_by_value.setdefault(str(row[name]), []).append(row)
        return row

    def get(self, object_id: str) -> StripeObject | None:
        number = self._number.get(object_id)
        return None if number is None else self._rows[number - self._first]

    def newest_first(self, where: dict[str, str], before: str | None = None) -> Iterator[StripeObject]:
        """Yield the rows whose fields equal `where`, down from (and without) the id `before`."""
        rows = self._narrowed(where)
        start = len(rows) if before is None else self._place(rows, before)
        for position in range(start - 1, -1, -1):
            if _matches(rows[position], where):
                yield rows[position]

    def oldest_first(self, where: dict[str, str], after: str) -> Iterator[StripeObject]:
        """Yield the rows whose fields equal `where`, up from (and without) the id `after`."""
        rows = self._narrowed(where)
        for position in range(self._place(rows, after), len(rows)):
            if rows[position]["id"] != after and _matches(rows[position], where):
                yield rows[position]

    def _narrowed(self, where: dict[str, str]) -> list[StripeObject]:
        for name in where.keys() & self._index.keys():
            return self._index[name].get(where[name], [])
        return self._rows

    def _place(self, rows: list[StripeObject], object_id: str) -> int:
        number = self._number[object_id]
        return bisect_left(rows, number, key=lambda row: self._number[row["id"]])

    def _make_room(self) -> None:
        message = (
            f"The stand-in holds {self._limit} {self.kind} objects, its limit. "
            "POST /_control/reset to empty it."
        )
        raise StripeError(507, "api_error", message, saved=False)


class RecentCollection(Collection):
    """A collection that lets its oldest rows go when it is full."""

    def __init__(self, kind: str, limit: int) -> None:
        super().__init__(kind, limit)

    def _make_room(self) -> None:
        leaving = max(1, self._limit // 10)  # in blocks, so that the cost per row stays constant
        for row in self._rows[:leaving]:
            del self._number[row["id"]]
        del self._rows[:leaving]
        self._first += leaving


def _matches(row: StripeObject, where: dict[str, str]) -> bool:
    return all(str(row.get(name)) == value for name, value in where.items())
