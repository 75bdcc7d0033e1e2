"""From a batch of commands to their verdicts: look for repeats, load, decide, write; again on conflicts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pymongo.errors import BulkWriteError, PyMongoError

from services.chassis.kernel.clock import Clock
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.kernel.unit_of_work import AlreadyHandledError, Answer
from services.chassis.mongo.client import DatabaseHandle
from services.chassis.mongo.unit_of_work import INBOX
from services.loyalty.adapters.mongo.accounts import MEMBER_INDEX, account_key
from services.loyalty.adapters.mongo.deciding import Decided, decide
from services.loyalty.adapters.mongo.loading import Loaded, Wanted, load
from services.loyalty.adapters.mongo.replays import Verdict, answered_before, key_of
from services.loyalty.adapters.mongo.writing import Batch, StaleError, Writer
from services.loyalty.application.ports import Change, Programs
from services.loyalty.domain import errors
from services.loyalty.domain.account import LotsNotLoadedError

TOGETHER_ATTEMPTS = 4  # then the batch is taken apart, so that one hot account holds up no other
ALONE_ATTEMPTS = 60  # each failure means that somebody else has succeeded
_DUPLICATE_KEY = 11000
_Asked = tuple[int, Change[Any]]


class Committer:
    """Commits commands. Neither waits nor knows an event loop: `serve` and `work` share it."""

    def __init__(self, database: DatabaseHandle, writer: Writer, programs: Programs, clock: Clock) -> None:
        self._database = database
        self._writer = writer
        self._programs = programs
        self._clock = clock

    async def commit(self, changes: Sequence[Change[Any]]) -> list[Verdict]:
        """A verdict for each command, in their order: its answer, or what speaks against it."""
        attempt = _Attempt(self._database, self._writer, self._programs, self._clock)
        first, repeats = _without_repeats(changes)
        open_ = await attempt.run(first, TOGETHER_ATTEMPTS)
        for group in _by_account(open_).values():
            await attempt.run(group, ALONE_ATTEMPTS)
        verdicts = attempt.verdicts
        for place, original in repeats.items():
            verdicts[place] = _as_repeat(changes[place], changes[original], verdicts.get(original))
        return [verdicts.get(place) or _conflict() for place in range(len(changes))]


class _Attempt:
    """The tries at one batch."""

    def __init__(self, database: DatabaseHandle, writer: Writer, programs: Programs, clock: Clock) -> None:
        self._database, self._writer = database, writer
        self._programs, self._clock = programs, clock
        self.verdicts: dict[int, Verdict] = {}
        self._careful = False
        self._whole: set[str] = set()  # accounts of which everything must be loaded

    async def run(self, asked: Sequence[_Asked], attempts: int) -> list[_Asked]:
        """Try until all have verdicts. Returns those that others were faster than every time."""
        open_ = list(asked)
        while open_ and attempts:
            try:
                await self._once(open_)
            except LotsNotLoadedError as missing:
                self._whole.add(str(missing.__notes__[0]))
                continue
            except StaleError:
                attempts -= 1
            except BulkWriteError as error:
                if not self._learn(error, open_):
                    raise
                attempts -= 1
            except PyMongoError as error:
                if not error.has_error_label("TransientTransactionError"):
                    raise
                attempts -= 1
            open_ = [each for each in open_ if each[0] not in self.verdicts]
        return open_

    async def _once(self, open_: Sequence[_Asked]) -> None:
        self.verdicts |= await answered_before(self._database, open_, careful=self._careful)
        open_ = [each for each in open_ if each[0] not in self.verdicts]
        now = self._clock.now()
        groups = _by_account(open_)
        loaded = await load(self._database, self._wanted(groups), now)
        batch, decisions = Batch(), []
        for key, group in groups.items():
            decided = await self._decide(key, loaded.get(key), group, now)
            decisions.append(decided)
            batch.add(decided, now)
        if not batch.is_empty:
            await self._writer.write(batch)
        for decided in decisions:
            self.verdicts.update(decided.refused)
            self.verdicts.update((each.place, Answer(each.answer)) for each in decided.accepted)

    def _wanted(self, groups: dict[str, list[_Asked]]) -> dict[str, Wanted]:
        wanted = {}
        for key, group in groups.items():
            wanted[key] = each = Wanted(everything=key in self._whole)
            for _, change in group:
                each.add(change.needs, careful=self._careful)
        return wanted

    async def _decide(self, key: str, loaded: Loaded | None, group: list[_Asked], now: datetime) -> Decided:
        tenant_id = group[0][1].tenant_id
        program_id = loaded.row["program_id"] if loaded else _opened_as(group)
        if program_id is None:
            return Decided(
                None,
                refused=[(place, errors.account_not_found(change.account_id)) for place, change in group],
            )
        try:
            program = await self._programs.get(tenant_id, program_id)
        except AftercareError as error:
            return Decided(loaded, refused=[(place, error) for place, _ in group])
        try:
            return decide(loaded, program, group, now)
        except LotsNotLoadedError as missing_lots:
            if key in self._whole:
                # All is loaded and does not add up: this account must be looked at, its neighbours go on.
                broken = RuntimeError(f"the lots of {key} do not make up its balance: {missing_lots}")
                return Decided(loaded, refused=[(place, broken) for place, _ in group])
            missing_lots.add_note(key)
            raise

    def _learn(self, error: BulkWriteError, open_: Sequence[_Asked]) -> bool:
        """What a duplicate key tells; False when it was another failure."""
        failures = error.details.get("writeErrors", [])
        if not failures or any(failure["code"] != _DUPLICATE_KEY for failure in failures):
            return False
        self._careful = True
        for failure in failures:
            if f".{INBOX} index" in failure["errmsg"]:
                self._handled(failure["keyValue"]["_id"], open_)
            elif f"index: {MEMBER_INDEX} " in failure["errmsg"]:
                self._enrolled(failure["keyValue"], open_)
        return True

    def _handled(self, name: str, open_: Sequence[_Asked]) -> None:
        for place, change in open_:
            inbox = change.inbox
            if inbox is not None and f"{inbox.handler}:{inbox.event_id}" == name:
                self.verdicts[place] = AlreadyHandledError(inbox.event_id)

    def _enrolled(self, member: dict[str, str], open_: Sequence[_Asked]) -> None:
        customer = (member["tenant_id"], member["program_id"], member["customer_id"])
        joining = [
            (place, change)
            for place, change in open_
            if change.opens is not None
            and (change.tenant_id, change.opens.program_id, change.opens.customer_id) == customer
        ]
        # When the customer joins under several ids at once, the first one joins.
        first = joining[0][1].account_id if len({each.account_id for _, each in joining}) > 1 else None
        for place, change in joining:
            if change.account_id != first:
                self.verdicts[place] = errors.already_enrolled(customer[2], change.account_id)


def _without_repeats(changes: Sequence[Change[Any]]) -> tuple[list[_Asked], dict[int, int]]:
    """The commands with their places, each request once; and which places repeat which."""
    seen: dict[str, int] = {}
    first, repeats = [], {}
    for place, change in enumerate(changes):
        key = key_of(change)
        if key and key in seen:
            repeats[place] = seen[key]
            continue
        if key:
            seen[key] = place
        first.append((place, change))
    return first, repeats


def _as_repeat(change: Change[Any], original: Change[Any], verdict: Verdict | None) -> Verdict:
    if change.request is None or original.request is None:
        raise RuntimeError("only requests repeat")
    if change.request.fingerprint != original.request.fingerprint:
        return errors.key_reused(change.request.rpc)
    if isinstance(verdict, Answer):
        return Answer(verdict.value, replayed=True)
    return verdict or _conflict()


def _by_account(asked: Sequence[_Asked]) -> dict[str, list[_Asked]]:
    groups: dict[str, list[_Asked]] = {}
    for place, change in asked:
        groups.setdefault(account_key(change.tenant_id, change.account_id), []).append((place, change))
    return groups


def _opened_as(group: Sequence[_Asked]) -> str | None:
    return next((change.opens.program_id for _, change in group if change.opens is not None), None)


def _conflict() -> AftercareError:
    return AftercareError(
        Kind.ABORTED,
        "VERSION_CONFLICT",
        "somebody else changed the same account at the same time, again and again; retry with the same key",
        retry_after=0.2,
    )
