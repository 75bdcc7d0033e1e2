"""What a client reference's ending makes Kurier do, and when.

`RMA-7-FAIL1` fails the first visit, `RMA-7-FAIL1-LOST` also loses the goods afterwards. The endings are
those of the spec's FakeCarrier (returns.md 3.4) and a few more.
"""

from __future__ import annotations

import functools
import itertools
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from deploy.standins.courier.company.terms import Term


class Withdrawal(StrEnum):
    """How a request to withdraw a collection ends."""

    DONE = "DONE"
    ASKED = "ASKED"
    ASKED_THEN_REFUSED = "ASKED_THEN_REFUSED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that can go other than well."""

    failing_visits: int = 0
    failure_cause: str = "N1"
    loses_goods: bool = False
    booking_hangs: bool = False
    first_term_taken: bool = False
    withdrawal: Withdrawal = Withdrawal.DONE


_FAIL: Final = re.compile(r"FAIL([1-3])")
ENDINGS: Final = (
    *("FAIL1", "FAIL2", "FAIL3", "NOSHOW", "LOST"),
    *("HANG", "SLOTTAKEN", "409", "PENDING", "PENDINGNO"),
)


def script_of(*references: str) -> Script:
    """What the first reference with a known ending says; without any, all goes well."""
    for reference in references:
        known = list(itertools.takewhile(ENDINGS.__contains__, reversed(reference.split("-"))))
        if known:
            return functools.reduce(_with_ending, known, Script())
    return Script()


def _with_ending(script: Script, ending: str) -> Script:
    if match := _FAIL.fullmatch(ending):
        return replace(script, failing_visits=int(match[1]), failure_cause="N1")
    changed = {
        "NOSHOW": replace(script, failing_visits=1, failure_cause="N5"),
        "LOST": replace(script, loses_goods=True),
        "HANG": replace(script, booking_hangs=True),
        "409": replace(script, withdrawal=Withdrawal.REFUSED),
        "PENDING": replace(script, withdrawal=Withdrawal.ASKED),
        "PENDINGNO": replace(script, withdrawal=Withdrawal.ASKED_THEN_REFUSED),
        "SLOTTAKEN": replace(script, first_term_taken=True),
    }
    return changed[ending]


@dataclass(frozen=True, slots=True)
class Step:
    """A scan that will be made at its time unless the story takes another turn."""

    at: datetime
    code: str
    cause: str = ""
    place: str = ""


_VISIT: Final = timedelta(minutes=90)
"""From the start of the window to the door."""


def visit_steps(term: Term, script: Script, *, failed_visits: int) -> list[Step]:
    """The story from the morning of a visit on."""
    door = term.start + _VISIT
    out = Step(term.start, "K10", place="DEPOT")
    if failed_visits < script.failing_visits:
        if script.failure_cause == "N5":  # nobody set out, so nobody says so before the window ends
            return [Step(term.end, "K19", "N5", "DEPOT")]
        return [out, Step(door, "K19", script.failure_cause, "DOOR")]
    road = [out, Step(door, "K20", place="DOOR"), Step(door + timedelta(hours=6), "K30", "", "HUB-1")]
    if script.loses_goods:
        return [*road, Step(door + timedelta(hours=78), "K70", place="HUB-1")]
    return [
        *road,
        Step(door + timedelta(hours=12), "K31", place="HUB-1"),
        Step(door + timedelta(hours=22), "K40", place="HUB-2"),
        Step(door + timedelta(hours=26), "K50", place="CONSIGNEE"),
    ]
