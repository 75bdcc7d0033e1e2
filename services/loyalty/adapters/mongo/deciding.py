"""Running the commands on one account, in order, so that a refused one leaves no trace."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from services.chassis.kernel.errors import AftercareError
from services.loyalty.adapters.mongo.loading import Loaded
from services.loyalty.application.ports import Change
from services.loyalty.domain import errors
from services.loyalty.domain.account import Account, LotsNotLoadedError, open_account
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.advancing import advance


@dataclass(slots=True)
class Accepted:
    """A command that was accepted: its place, its answer, and which of the account's entries it wrote."""

    place: int
    change: Change[Any]
    answer: Any
    first: int
    last: int


@dataclass(slots=True)
class Decided:
    """What the commands on one account came to. `account` is None when nothing of it is to be written."""

    loaded: Loaded | None
    account: Account | None = None
    accepted: list[Accepted] = field(default_factory=list)
    refused: list[tuple[int, Exception]] = field(default_factory=list)


def decide(
    loaded: Loaded | None, program: Program, changes: Sequence[tuple[int, Change[Any]]], now: datetime
) -> Decided:
    """Run `changes` (with their places in the batch) on one account.

    Raises LotsNotLoadedError when more of the account must be read.
    """
    decided = Decided(loaded)
    waiting = list(changes)
    while waiting:
        account, refused = _run(decided, program, waiting, now)
        if refused is None:
            decided.account = account
            break
        # A refused command has changed the account before it noticed: start again, without it.
        decided.refused.append(refused)
        waiting = [each for each in waiting if each[0] != refused[0]]
    gone = {place for place, _ in decided.refused}
    decided.accepted = [each for each in decided.accepted if each.place not in gone]
    if not decided.accepted:
        decided.account = None
    return decided


def _run(
    decided: Decided, program: Program, changes: list[tuple[int, Change[Any]]], now: datetime
) -> tuple[Account | None, tuple[int, Exception] | None]:
    """One pass. Returns the account, and the command that must be left out if one left a trace."""
    decided.accepted.clear()
    account = decided.loaded.build() if decided.loaded else None
    for place, change in list(changes):
        if account is None:
            if change.opens is None:
                decided.refused.append((place, errors.account_not_found(change.account_id)))
                changes.remove((place, change))
                continue
            opens = change.opens
            account = open_account(
                change.tenant_id, opens.program_id, change.account_id, opens.customer_id, now
            )
        advance(account, program, now)
        marks, first = account.marks, len(account.entries)
        try:
            answer = change.decide(account, program, now)
        except LotsNotLoadedError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this command alone
            if not isinstance(error, AftercareError) or account.marks != marks or account.is_new:
                return None, (place, error)
            decided.refused.append((place, error))
            changes.remove((place, change))
            continue
        account.is_new = False
        decided.accepted.append(Accepted(place, change, answer, first, len(account.entries)))
    return account, None
