"""Grading what came (T9, T10, T11)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.returns.domain.cases.return_case import ReturnCase, ReturnLine, ReturnUnit
from services.returns.domain.cases.states import Decision, Disposition, Reception
from services.returns.domain.cases.story import Story
from services.returns.domain.cases.transitions import INSPECT, check, move
from services.returns.domain.errors import invalid, precondition

_TOPICS = {Decision.ACCEPTED_REDUCED: "return.item_reduced", Decision.REJECTED: "return.item_rejected"}


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """Units of an order's line judged alike; `reduction_bps` with ACCEPTED_REDUCED only."""

    line_id: str
    quantity: int
    grade: str
    decision: Decision
    reduction_bps: int
    disposition: Disposition


def inspect(case: ReturnCase, judged: Sequence[JudgedLine], story: Story) -> ReturnCase:
    """The case with the judgements; INSPECTED once each received unit has one.

    Raises NOT_RECEIVED, REDUCTION_REQUIRED, REDUCTION_NOT_ALLOWED, WRONG_STATE; then nothing is judged.
    """
    check(case, INSPECT)
    for line in judged:
        _check_reduction(line)
        case = _judge(case, line)
        topic = _TOPICS.get(line.decision)
        if topic is not None:
            case = story.tell(case, topic, _detail(line))
    if all(unit.is_judged for unit in case.units() if unit.reception is Reception.RECEIVED):
        return move(case, INSPECT, story)
    return story.note(case, "return.graded", "; ".join(_detail(line) for line in judged))


def _judge(case: ReturnCase, judged: JudgedLine) -> ReturnCase:
    left = judged.quantity

    def grade(line: ReturnLine, unit: ReturnUnit) -> ReturnUnit:
        nonlocal left
        waits = unit.reception is Reception.RECEIVED and not unit.is_judged
        if line.line_id != judged.line_id or not waits or left == 0:
            return unit
        left -= 1
        return replace(
            unit,
            decision=judged.decision,
            reduction_bps=judged.reduction_bps,
            disposition=judged.disposition,
            grade=judged.grade,
        )

    case = case.with_units(grade)
    if left:
        raise precondition(
            "NOT_RECEIVED",
            f"only {judged.quantity - left} received units of line {judged.line_id} wait for a grade,"
            f" not {judged.quantity}; nothing was graded",
            line_id=judged.line_id,
            waiting=str(judged.quantity - left),
        )
    return case


def _check_reduction(line: JudgedLine) -> None:
    if line.decision is Decision.ACCEPTED_REDUCED and line.reduction_bps == 0:
        raise invalid(
            "REDUCTION_REQUIRED", "ACCEPTED_REDUCED needs a reduction_bps above 0", "lines.reduction_bps"
        )
    if line.decision is not Decision.ACCEPTED_REDUCED and line.reduction_bps:
        raise invalid(
            "REDUCTION_NOT_ALLOWED",
            "a reduction goes with ACCEPTED_REDUCED only",
            "lines.reduction_bps",
        )


def _detail(line: JudgedLine) -> str:
    reduced = f" less {line.reduction_bps / 100:g} %" if line.reduction_bps else ""
    return f"{line.quantity} of {line.line_id}: {line.grade}, {line.decision}{reduced}, {line.disposition}"
