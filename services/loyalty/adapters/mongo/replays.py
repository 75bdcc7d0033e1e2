"""Answers given before: the same request has one effect and one answer (rule R6, guard 1)."""

from collections.abc import Iterable
from typing import Any

from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.unit_of_work import Answer
from services.chassis.mongo.client import DatabaseHandle, Document
from services.chassis.mongo.requests import REQUESTS, adapter
from services.loyalty.adapters.mongo.accounts import account_key
from services.loyalty.adapters.mongo.entries import (
    ENTRIES,
    entry_key,
    request_guard,
    request_key,
    to_points_change,
)
from services.loyalty.application.ports import Change
from services.loyalty.domain import errors

Verdict = Answer[Any] | BaseException
_Asked = tuple[int, Change[Any]]


def key_of(change: Change[Any]) -> str:
    """The change's request key; empty when it has none."""
    return request_key(change.tenant_id, change.request) if change.request is not None else ""


async def answered_before(
    database: DatabaseHandle, changes: Iterable[_Asked], *, careful: bool
) -> dict[int, Verdict]:
    """Verdicts, by place, of requests that were answered before.

    Requests whose answer lies in their entries are looked up only by a careful reader: the unique index
    finds out at the write, and repeats are rare.
    """
    stored: dict[str, _Asked] = {}
    in_entries: dict[bytes, _Asked] = {}
    for place, change in changes:
        request = change.request
        if request is not None and request.answer is not None:
            stored[key_of(change)] = (place, change)
        elif request is not None:
            in_entries[request_guard(change.tenant_id, request)] = (place, change)
    verdicts: dict[int, Verdict] = {}
    if stored:
        for row in await database[REQUESTS].find({"_id": {"$in": list(stored)}}).to_list():
            place, change = stored[row["_id"]]
            verdicts[place] = _reused(change, row) or Answer(_stored(change, row), replayed=True)
    if in_entries and careful:
        query = {"guards": {"$in": list(in_entries)}}
        for row in await database[ENTRIES].find(query).to_list():
            place, change = next(in_entries[each] for each in row["guards"] if each in in_entries)
            verdicts[place] = _reused(change, row) or await _rebuilt(database, row)
    return verdicts


def _reused(change: Change[Any], row: Document) -> AftercareError | None:
    if change.request is None or row["fingerprint"] == change.request.fingerprint:
        return None
    return errors.key_reused(change.request.rpc)


def _stored(change: Change[Any], row: Document) -> object:
    if change.request is None or change.request.answer is None:
        raise RuntimeError("only requests with a stored answer are looked up here")
    return adapter(change.request.answer).validate_python(row["answer"])


async def _rebuilt(database: DatabaseHandle, first: Document) -> Answer[Any]:
    rows = [first]
    if first["wrote"] > 1:
        owner = account_key(first["tenant_id"], first["account_id"])
        last = first["sequence"] + first["wrote"]
        ids = [entry_key(owner, sequence) for sequence in range(first["sequence"] + 1, last)]
        rows += await database[ENTRIES].find({"_id": {"$in": ids}}).sort([("_id", 1)]).to_list()
    return Answer(to_points_change(rows), replayed=True)
