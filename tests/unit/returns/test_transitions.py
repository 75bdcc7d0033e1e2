import itertools
from dataclasses import replace

import pytest

from services.chassis.kernel.errors import AftercareError, Kind
from services.returns.domain.cases import transitions
from services.returns.domain.cases.states import CaseState
from services.returns.domain.cases.transitions import Transition, check, move
from tests.builders.returns_cases import approved, story

S = CaseState
ALLOWED = {
    ("T2", S.REQUESTED, S.APPROVED),
    ("T6", S.APPROVED, S.IN_TRANSIT),
    *(("T7", s, S.PARTIALLY_RECEIVED) for s in (S.APPROVED, S.IN_TRANSIT, S.PARTIALLY_RECEIVED, S.INSPECTED)),
    *(("T7", s, S.RECEIVED) for s in (S.APPROVED, S.IN_TRANSIT, S.PARTIALLY_RECEIVED, S.INSPECTED)),
    ("T9", S.RECEIVED, S.INSPECTED),
    ("T9", S.PARTIALLY_RECEIVED, S.INSPECTED),
    ("T14", S.CLOSED, S.INSPECTED),
    ("T16", S.REQUESTED, S.CANCELLED),
    ("T16", S.NEEDS_INFO, S.CANCELLED),
    ("T16", S.APPROVED, S.CANCELLED),
    ("T18", S.CANCELLED, S.IN_TRANSIT),
    ("T18", S.EXPIRED, S.IN_TRANSIT),
    ("T19", S.INSPECTED, S.CLOSED),
}


@pytest.mark.parametrize(("row", "state"), [*itertools.product(transitions.TABLE, CaseState)])
def test_only_the_tables_moves_are_made(row: Transition, state: CaseState) -> None:
    case = replace(approved(), state=state)
    if (row.number, state, row.target) in ALLOWED:
        told = story()
        assert move(case, row, told).state is row.target
        assert [event.type for event in told.events] == [row.topic]
    else:
        with pytest.raises(AftercareError) as refused:
            move(case, row, story())
        assert refused.value.kind is Kind.FAILED_PRECONDITION


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (S.IN_TRANSIT, "ALREADY_COLLECTED"),
        (S.PARTIALLY_RECEIVED, "ALREADY_RECEIVED"),
        (S.RECEIVED, "ALREADY_RECEIVED"),
        (S.INSPECTED, "ALREADY_RECEIVED"),
        (S.CLOSED, "ALREADY_RECEIVED"),
        (S.REJECTED, "WRONG_STATE"),
    ],
)
def test_a_late_cancellation_says_why(state: CaseState, reason: str) -> None:
    with pytest.raises(AftercareError) as refused:
        check(replace(approved(), state=state), transitions.CANCEL)
    assert refused.value.reason == reason
