"""The life cycle of the goods as data: what may follow what (spec returns.md 4.2, T1-T20)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.states import CaseState
from services.returns.domain.cases.story import Story
from services.returns.domain.errors import precondition

S = CaseState


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table. `refusals` names the error for a state it cannot start from."""

    number: str
    sources: frozenset[CaseState]
    target: CaseState
    topic: str
    refusals: Mapping[CaseState, str] = field(default_factory=dict)


_TOO_LATE: Final = {
    S.IN_TRANSIT: "ALREADY_COLLECTED",
    S.PARTIALLY_RECEIVED: "ALREADY_RECEIVED",
    S.RECEIVED: "ALREADY_RECEIVED",
    S.INSPECTED: "ALREADY_RECEIVED",
    S.CLOSED: "ALREADY_RECEIVED",
}
_NOT_HERE: Final = {
    S.REQUESTED: "NOT_RECEIVED",
    S.NEEDS_INFO: "NOT_RECEIVED",
    S.APPROVED: "NOT_RECEIVED",
    S.IN_TRANSIT: "NOT_RECEIVED",
}
# INSPECTED: a second parcel may come after the first one was graded, as long as units are awaited (T8).
_RECEIVING: Final = frozenset({S.APPROVED, S.IN_TRANSIT, S.PARTIALLY_RECEIVED, S.INSPECTED})


def _row(
    number: str,
    sources: frozenset[CaseState] | set[CaseState],
    target: CaseState,
    topic: str,
    refusals: Mapping[CaseState, str] | None = None,
) -> Transition:
    return Transition(number, frozenset(sources), target, topic, refusals or {})


APPROVE: Final = _row("T2", {S.REQUESTED}, S.APPROVED, "return.approved")
COLLECT: Final = _row("T6", {S.APPROVED}, S.IN_TRANSIT, "return.in_transit")
RECEIVE_SOME: Final = _row("T7", _RECEIVING, S.PARTIALLY_RECEIVED, "return.partially_received")
RECEIVE_ALL: Final = _row("T7", _RECEIVING, S.RECEIVED, "return.received")
INSPECT: Final = _row("T9", {S.RECEIVED, S.PARTIALLY_RECEIVED}, S.INSPECTED, "return.inspected", _NOT_HERE)
CANCEL: Final = _row(
    "T16", {S.REQUESTED, S.NEEDS_INFO, S.APPROVED}, S.CANCELLED, "return.cancelled", _TOO_LATE
)
REOPEN_BY_SCAN: Final = _row("T18", {S.CANCELLED, S.EXPIRED}, S.IN_TRANSIT, "return.reopened_by_scan")
CLOSE: Final = _row("T19", {S.INSPECTED}, S.CLOSED, "return.closed")
# Refunds may tell of money that came back after all was well; goods and money are then not both final.
REOPEN_BY_REFUND: Final = _row("T14", {S.CLOSED}, S.INSPECTED, "return.settlement_failed")

TABLE: Final = (
    APPROVE,
    COLLECT,
    RECEIVE_SOME,
    RECEIVE_ALL,
    INSPECT,
    CANCEL,
    REOPEN_BY_SCAN,
    CLOSE,
    REOPEN_BY_REFUND,
)


def check(case: ReturnCase, row: Transition) -> None:
    """Raises FAILED_PRECONDITION by the row's own reason for the state, or WRONG_STATE."""
    if case.state in row.sources:
        return
    raise precondition(
        row.refusals.get(case.state, "WRONG_STATE"),
        f"a return that is {case.state} cannot become {row.target}",
        state=case.state,
        transition=row.number,
    )


def move(case: ReturnCase, row: Transition, story: Story, detail: str = "") -> ReturnCase:
    """The case in the row's target state, told. Raises as `check`."""
    check(case, row)
    return story.tell(replace(case, state=row.target), row.topic, detail)
