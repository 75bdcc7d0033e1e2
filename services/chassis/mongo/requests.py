"""Stored answers: the same request twice has one effect and one answer."""

from typing import Any, TypeVar

from pydantic import TypeAdapter
from pymongo import ASCENDING, IndexModel

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.mongo.client import DatabaseHandle, Document

REQUESTS = "requests"
KEPT_SECONDS = 7 * 24 * 3600  # the promise is 24 hours
INDEXES = [IndexModel([("at", ASCENDING)], name="housekeeping", expireAfterSeconds=KEPT_SECONDS)]

Result = TypeVar("Result")
_adapters: dict[type, TypeAdapter[Any]] = {}


def adapter(answer: type[Result]) -> TypeAdapter[Result]:
    """Turns a dataclass into plain JSON values and back; made once per type."""
    if answer not in _adapters:
        _adapters[answer] = TypeAdapter(answer)
    return _adapters[answer]


def key(rpc: str, ctx: RequestContext) -> str:
    """The row id of a request: keys of different tenants and RPCs never meet."""
    return f"{ctx.tenant_id}/{rpc}/{ctx.idempotency_key}"


class StoredAnswers:
    """The answers of one service. `reused_reason` is the name its spec gives to a reused key."""

    def __init__(self, database: DatabaseHandle, reused_reason: str) -> None:
        self._rows = database[REQUESTS]
        self._reused_reason = reused_reason

    async def find(
        self, rpc: str, ctx: RequestContext, answer: type[Result], session: Any = None
    ) -> Result | None:
        """The answer given before, or None. Raises ALREADY_EXISTS for the same key with another body."""
        row = await self._rows.find_one({"_id": key(rpc, ctx)}, session=session)
        if row is None:
            return None
        if row["fingerprint"] != ctx.fingerprint:
            raise AftercareError(
                Kind.ALREADY_EXISTS,
                self._reused_reason,
                "this idempotency key was used for another request; use a new key for a new intent",
                {"rpc": rpc},
            )
        return adapter(answer).validate_python(row["answer"])

    async def insert(
        self,
        rpc: str,
        ctx: RequestContext,
        answer: type[Result],
        value: Result,
        now: Any,
        session: Any,
    ) -> None:
        """Keep the answer. Raises DuplicateKeyError when the same request was answered meanwhile."""
        row: Document = {
            "_id": key(rpc, ctx),
            "fingerprint": ctx.fingerprint,
            "answer": adapter(answer).dump_python(value, mode="json"),
            "at": now,
        }
        await self._rows.insert_one(row, session=session)
