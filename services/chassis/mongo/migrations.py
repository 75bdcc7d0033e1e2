"""Ordered, once-only steps and declared indexes, run by each service's `migrate`."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pymongo import IndexModel
from pymongo.errors import OperationFailure

from services.chassis.kernel.clock import Clock
from services.chassis.mongo import outbox, requests, unit_of_work
from services.chassis.mongo.client import DatabaseHandle

MIGRATIONS = "migrations"
LEASES = "leases"
_NAMESPACE_EXISTS = 48  # the server's code: another migrate was first

# What every service that changes anything has.
BACKBONE: Mapping[str, Sequence[IndexModel]] = {
    outbox.OUTBOX: outbox.INDEXES,
    requests.REQUESTS: requests.INDEXES,
    unit_of_work.INBOX: unit_of_work.INBOX_INDEXES,
    LEASES: [],
}


@dataclass(frozen=True, slots=True)
class Step:
    """One change of stored data; it may be cut off anywhere and run again."""

    name: str
    apply: Callable[[DatabaseHandle], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Schema:
    """A service's collections with their indexes, and its migration steps in order."""

    collections: Mapping[str, Sequence[IndexModel]]
    steps: Sequence[Step] = field(default_factory=tuple)


async def migrate(database: DatabaseHandle, schema: Schema, clock: Clock) -> list[str]:
    """Create what is missing and run the steps not run yet. Returns what was done, in words.

    Collections are made beforehand because a transaction that has to create one holds others up.
    """
    done = []
    for name, indexes in {**BACKBONE, **schema.collections}.items():
        try:
            await database.command("create", name)
            done.append(f"created {name}")
        except OperationFailure as error:
            if error.code != _NAMESPACE_EXISTS:
                raise
        if indexes:
            await database[name].create_indexes(list(indexes))
    applied = {row["_id"] async for row in database[MIGRATIONS].find({})}
    for step in schema.steps:
        if step.name not in applied:
            await step.apply(database)
            await database[MIGRATIONS].insert_one({"_id": step.name, "at": clock.now()})
            done.append(f"applied {step.name}")
    return done
