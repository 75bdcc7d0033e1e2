"""Steps waiting for their time. A step whose collection took another turn is silently dropped."""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from deploy.standins.courier.company.records import Collection, Consignment
    from deploy.standins.courier.company.scripts import Step

_MAX_WAITING: Final = 100_000


@dataclass(frozen=True, slots=True, order=True)
class Due:
    """One planned step of one consignment, and of one turn of a collection if it has one."""

    at: datetime
    order: int
    step: Step = field(compare=False)
    consignment: Consignment = field(compare=False)
    collection: Collection | None = field(compare=False)
    turn: int = field(compare=False)

    @property
    def is_stale(self) -> bool:
        return self.collection is not None and self.collection.turn != self.turn


class Timeline:
    """A heap by time; ties keep the order in which they were planned."""

    def __init__(self) -> None:
        self._waiting: list[Due] = []
        self._order = itertools.count()

    def __len__(self) -> int:
        return len(self._waiting)

    def plan(self, steps: Iterable[Step], consignment: Consignment, collection: Collection | None) -> None:
        turn = collection.turn if collection else 0
        for step in steps:
            due = Due(step.at, next(self._order), step, consignment, collection, turn)
            heapq.heappush(self._waiting, due)
        if len(self._waiting) > _MAX_WAITING:  # stale steps of an endless rescheduler
            self._waiting = [due for due in self._waiting if not due.is_stale][:_MAX_WAITING]
            heapq.heapify(self._waiting)

    def due(self, until: datetime) -> Iterator[Due]:
        """Steps up to and including `until`, earliest first; handling one may plan further ones."""
        while self._waiting and self._waiting[0].at <= until:
            due = heapq.heappop(self._waiting)
            if not due.is_stale:
                yield due
