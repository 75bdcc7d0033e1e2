"""The port `Accounts` on MongoDB."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

import structlog

from services.chassis.kernel.clock import Clock
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.kernel.unit_of_work import Answer
from services.chassis.mongo.client import DatabaseHandle
from services.loyalty.adapters.mongo.accounts import ACCOUNTS, EPOCH, account_key
from services.loyalty.adapters.mongo.committing import Committer
from services.loyalty.adapters.mongo.loading import Wanted, load
from services.loyalty.adapters.mongo.replays import Verdict
from services.loyalty.application.ports import NOTHING, Change, Decide, Needs, Programs, Result
from services.loyalty.domain import errors
from services.loyalty.domain.account import LotsNotLoadedError
from services.loyalty.domain.rules.advancing import advance

log = structlog.get_logger(__name__)


class Question(NamedTuple):
    """Something to find out of an account."""

    tenant_id: str
    account_id: str
    decide: Decide[Any]
    needs: Needs


# One command or question at a time; `serve` lets many share a batch (group_commit.py), `work` has one each.
CommitOne = Callable[[Change[Any]], Awaitable[Verdict]]
AskOne = Callable[[Question], Awaitable[Any]]


class Reader:
    """Answers many questions with one set of queries."""

    def __init__(self, database: DatabaseHandle, programs: Programs, clock: Clock) -> None:
        self._database, self._programs, self._clock = database, programs, clock

    async def answer(self, questions: Sequence[Question]) -> list[Any]:
        """An answer or an error for each question, in their order."""
        return await self._answer(questions, everything=False)

    async def _answer(self, questions: Sequence[Question], *, everything: bool) -> list[Any]:
        now = self._clock.now()
        wanted: dict[str, Wanted] = {}
        for question in questions:
            key = account_key(question.tenant_id, question.account_id)
            each = wanted.get(key)
            if each is None:
                each = wanted[key] = Wanted(everything=everything)
            each.add(question.needs, careful=True)
        loaded = await load(self._database, wanted, now)
        answers: list[Any] = []
        for question in questions:
            found = loaded.get(account_key(question.tenant_id, question.account_id))
            if found is None:
                answers.append(errors.account_not_found(question.account_id))
                continue
            try:
                program = await self._programs.get(question.tenant_id, found.row["program_id"])
                account = found.build()
                account.version -= 1  # nothing will be written
                advance(account, program, now)
                answers.append(question.decide(account, program, now))
            except LotsNotLoadedError:
                answers += await self._answer([question], everything=True)
            except AftercareError as error:
                answers.append(error)
        return answers


class Desk:
    """See `services.loyalty.application.ports.Accounts`."""

    def __init__(
        self, database: DatabaseHandle, committer: Committer, commit_one: CommitOne, ask_one: AskOne
    ) -> None:
        self._database = database
        self._committer = committer
        self._commit_one, self._ask_one = commit_one, ask_one

    async def change(self, change: Change[Result]) -> Answer[Result]:
        """See the port."""
        return cast("Answer[Result]", _or_raise(await self._commit_one(change)))

    async def change_many(
        self, changes: Sequence[Change[Result]]
    ) -> Sequence[Answer[Result] | AftercareError]:
        """See the port."""
        verdicts = await self._committer.commit(changes)
        return [
            cast("Answer[Result] | AftercareError", _told(verdict, change.account_id))
            for verdict, change in zip(verdicts, changes, strict=True)
        ]

    async def look(
        self, tenant_id: str, account_id: str, decide: Decide[Result], needs: Needs = NOTHING
    ) -> Result:
        """See the port."""
        answer: Result = await self._ask_one(Question(tenant_id, account_id, decide, needs))
        return answer

    async def due(self, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
        """See the port."""
        query = {"next_due_at": {"$gt": EPOCH, "$lte": now}}
        cursor = self._database[ACCOUNTS].find(query, {"tenant_id": 1, "account_id": 1})
        rows = await cursor.sort([("next_due_at", 1)]).limit(limit).to_list()
        return [(row["tenant_id"], row["account_id"]) for row in rows]


def commit_directly(committer: Committer) -> CommitOne:
    """A batch of one: for `work`."""

    async def commit_one(change: Change[Any]) -> Verdict:
        return (await committer.commit([change]))[0]

    return commit_one


def ask_directly(reader: Reader) -> AskOne:
    """A query of one: for `work`."""

    async def ask_one(question: Question) -> object:
        return _or_raise((await reader.answer([question]))[0])

    return ask_one


def _told(verdict: Verdict, account_id: str) -> Answer[Any] | AftercareError:
    """A verdict among many: what nobody foresaw is logged here, and its neighbours go on."""
    if isinstance(verdict, Answer | AftercareError):
        return verdict
    log.error("a command failed unexpectedly", account_id=account_id, exc_info=verdict)
    return AftercareError(Kind.INTERNAL, "INTERNAL", "something failed that should not; see the log")


def _or_raise(verdict: object) -> object:
    if isinstance(verdict, BaseException):
        raise verdict
    return verdict
