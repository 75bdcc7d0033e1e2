"""Counting units in at the warehouse (T7): additive, never more than expected."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.returns.domain.cases.return_case import ReturnCase, ReturnLine, ReturnUnit
from services.returns.domain.cases.states import Reception
from services.returns.domain.cases.story import Story
from services.returns.domain.cases.transitions import RECEIVE_ALL, RECEIVE_SOME, check, move
from services.returns.domain.errors import precondition


@dataclass(frozen=True, slots=True)
class CountedLine:
    """Units of an order's line found in a parcel."""

    line_id: str
    quantity: int


def receive(case: ReturnCase, counted: Sequence[CountedLine], story: Story) -> ReturnCase:
    """The case with the units counted in. Raises WRONG_STATE, UNEXPECTED_QUANTITY; then nothing counts."""
    check(case, RECEIVE_ALL)
    left: Counter[str] = Counter()
    for line in counted:
        left[line.line_id] += line.quantity
    _check_expected(case, left)

    def count_in(line: ReturnLine, unit: ReturnUnit) -> ReturnUnit:
        if unit.reception is not Reception.EXPECTED or left[line.line_id] == 0:
            return unit
        left[line.line_id] -= 1
        return replace(unit, reception=Reception.RECEIVED)

    detail = ", ".join(f"{quantity} of {line_id}" for line_id, quantity in left.items())
    case = case.with_units(count_in)
    for shipment in case.shipments:
        case = case.with_shipment(shipment.received(story.at))
    return move(case, RECEIVE_SOME if case.is_outstanding else RECEIVE_ALL, story, detail)


def _check_expected(case: ReturnCase, counted: Counter[str]) -> None:
    expected: Counter[str] = Counter()
    for line in case.lines:
        expected[line.line_id] += sum(unit.reception is Reception.EXPECTED for unit in line.units)
    for line_id, quantity in counted.items():
        if quantity > expected[line_id]:
            raise precondition(
                "UNEXPECTED_QUANTITY",
                f"{expected[line_id]} units of line {line_id} are awaited, not {quantity}; nothing was"
                " counted in: set the surplus aside and count again without it",
                line_id=line_id,
                expected=str(expected[line_id]),
                counted=str(quantity),
            )
