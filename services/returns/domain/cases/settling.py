"""What is owed after grading (T12), and what came of it (T13, T14, T19)."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from services.chassis.kernel.money import Money
from services.returns.domain.cases.return_case import ReturnCase, ReturnUnit
from services.returns.domain.cases.settlement import Leg, SettledLine, Settlement, settlement_key
from services.returns.domain.cases.states import CaseState, Decision, Reception, SettlementState
from services.returns.domain.cases.story import Story
from services.returns.domain.cases.transitions import CLOSE, REOPEN_BY_REFUND, move
from services.returns.domain.orders.order import Order
from services.returns.domain.orders.tender_split import Share
from services.returns.domain.quoting.quote import points_tender
from services.returns.domain.quoting.totals import totals

_WHOLE = 10_000  # basis points


def settle(case: ReturnCase, order: Order, trigger: str, story: Story) -> tuple[ReturnCase, Order]:
    """The case with one more settlement, sent out; the order with what is now released.

    It pays for the units judged and not yet paid. When they are just what was quoted, the quoted figures
    stand; deductions and second parcels make new ones that telescope with what the order gave back before.
    """
    number = len(case.settlements) + 1
    due = _Due.of(case)
    shipping = _shipping(case, due)
    amount = due.goods - due.reduction + shipping
    share, order, held = _share(case, order, amount)
    whole = totals(
        case.currency,
        goods=due.goods,
        shipping=shipping,
        fee=case.quoted.fee.minor if number == 1 else 0,
        reduction=due.reduction,
        points=share.points,
        points_value=share.points_value,
    )
    settlement = Settlement(
        number=number,
        key=settlement_key(case.return_id, number),
        trigger=trigger,
        totals=whole,
        share=share,
        lines=due.lines,
        refund=Leg.OPEN if whole.cash.minor else Leg.NOT_NEEDED,
        points=Leg.OPEN if case.loyalty_account_id else Leg.NOT_NEEDED,
    )
    case = case.with_units(lambda _, unit: replace(unit, settled_in=number) if _is_due(unit) else unit)
    case = replace(case, held=held, settlements=(*case.settlements, settlement))
    case = replace(case, settlement_state=SettlementState.IN_PROGRESS)
    case = story.tell(case, "return.settlement_requested", str(whole.cash), settlement)
    return progress(case, story), order


def refund_told(case: ReturnCase, key: str, leg: Leg, sequence: int, story: Story) -> ReturnCase:
    """After `refund.completed` or `refund.failed` of a settlement; `sequence` is refunds' own."""
    return _after(case, lambda s: s.with_refund(leg, sequence) if s.key == key else s, story)


def points_told(case: ReturnCase, story: Story) -> ReturnCase:
    """After `points.return_processed`: the oldest settlement that waits for its points has them."""
    waiting = next((s.number for s in case.settlements if s.points is Leg.OPEN), None)
    return _after(case, lambda s: replace(s, points=Leg.DONE) if s.number == waiting else s, story)


def progress(case: ReturnCase, story: Story) -> ReturnCase:
    """The case with its settlement state and life cycle as its settlements' legs say; tells what is new."""
    state = _settlement_state(case)
    if state is not case.settlement_state:
        case = replace(case, settlement_state=state)
        if state is SettlementState.SETTLED:
            case = story.tell(case, "return.settled", str(case.settled.cash if case.settled else ""))
        elif state is SettlementState.FAILED and case.state is CaseState.CLOSED:
            case = move(case, REOPEN_BY_REFUND, story, "the refund came back")
        elif state is SettlementState.FAILED:
            case = story.tell(case, "return.settlement_failed", "refunds could not send the money")
    is_final = state is SettlementState.SETTLED and not case.is_outstanding
    if is_final and case.state is CaseState.INSPECTED:
        case = move(case, CLOSE, story)
    return case


def _after(case: ReturnCase, change: Callable[[Settlement], Settlement], story: Story) -> ReturnCase:
    return progress(replace(case, settlements=tuple(change(one) for one in case.settlements)), story)


def _settlement_state(case: ReturnCase) -> SettlementState:
    if not case.settlements:
        return case.settlement_state
    if any(one.refund is Leg.FAILED for one in case.settlements):
        return SettlementState.FAILED
    done = [one.is_settled for one in case.settlements]
    if all(done):
        return SettlementState.SETTLED
    return SettlementState.PARTIAL if any(done) else SettlementState.IN_PROGRESS


@dataclass(frozen=True, slots=True)
class _Due:
    """Units judged and not yet paid: goods at what was paid, deductions, and both by line."""

    goods: int
    reduction: int
    lines: tuple[SettledLine, ...]

    @classmethod
    def of(cls, case: ReturnCase) -> "_Due":
        goods, reduction = 0, 0
        quantities: Counter[str] = Counter()
        amounts: Counter[str] = Counter()
        for line in case.lines:
            for unit in filter(_is_due, line.units):
                if unit.decision is Decision.REJECTED:
                    continue
                cut = _reduction(unit)
                goods += unit.paid.minor
                reduction += cut
                quantities[line.line_id] += 1
                amounts[line.line_id] += unit.paid.minor - cut
        lines = tuple(
            SettledLine(line_id, quantity, Money(amounts[line_id], case.currency))
            for line_id, quantity in quantities.items()
        )
        return cls(goods, reduction, lines)


def _is_due(unit: ReturnUnit) -> bool:
    return unit.reception is Reception.RECEIVED and unit.is_judged and not unit.settled_in


def _reduction(unit: ReturnUnit) -> int:
    # Half up, as all deductions of the spec's cases.
    return (2 * unit.paid.minor * unit.reduction_bps + _WHOLE) // (2 * _WHOLE)


def _shipping(case: ReturnCase, due: _Due) -> int:
    # The delivery goes back with the return's last unit, and not for goods that were all refused.
    if case.is_outstanding:
        return 0
    accepted = due.lines or any(one.lines for one in case.settlements)
    return case.quoted.shipping.minor if accepted else 0


def _share(case: ReturnCase, order: Order, amount: int) -> tuple[Share, Order, Share]:
    """The share of this settlement, the order, and what the return still holds for later ones."""
    if amount == case.held.amount:
        return case.held, order, Share()
    tender = points_tender(order)
    released = order.released.minus(case.held)
    share = tender.share_of(amount, released)
    released = released.plus(share)
    later = Share()
    if case.is_outstanding:
        awaited = sum(u.paid.minor for u in case.units() if u.reception is Reception.EXPECTED)
        later = tender.share_of(awaited + case.quoted.shipping.minor, released)
        released = released.plus(later)
    return share, replace(order, released=released), later
