from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.returns.domain.cases.calling_off import ask_cancel, finish_cancel
from services.returns.domain.cases.inspecting import JudgedLine, inspect
from services.returns.domain.cases.receiving import CountedLine, receive
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.settlement import return_id_of, settlement_key
from services.returns.domain.cases.settling import settle
from services.returns.domain.cases.states import CaseState, Decision, Disposition, SettlementState
from services.returns.domain.orders.order import Order
from tests.builders.returns_cases import opened, story
from tests.builders.returns_orders import A, B, o1, order_of


def graded(
    case: ReturnCase,
    order: Order,
    lines: Sequence[tuple[str, int]],
    decision: Decision = Decision.ACCEPTED,
    bps: int = 0,
) -> tuple[ReturnCase, Order]:
    case = receive(case, [CountedLine(line_id, count) for line_id, count in lines], story())
    judged = [JudgedLine(line_id, count, "A", decision, bps, Disposition.RESTOCK) for line_id, count in lines]
    return settle(inspect(case, judged, story()), order, "INSPECTED", story())


def test_what_was_quoted_is_what_is_settled() -> None:
    order, case = opened(o1(), (B, 1), fee=999)
    settled, after = graded(case, order, [(B, 1)])
    assert settled.settled == case.quoted
    assert after == order
    assert settled.settlements[0].key == "return:ret_1:settlement:1"
    assert settled.settlement_state is SettlementState.IN_PROGRESS


def test_points_are_reduced_with_the_goods() -> None:
    order, case = opened(order_of([(A, 1, 6000), (B, 1, 4000)], points=2000, points_value=2000), (A, 1))
    settled, after = graded(case, order, [(A, 1)], Decision.ACCEPTED_REDUCED, 5000)
    [one] = settled.settlements
    assert (one.totals.cash.minor, one.totals.points, one.totals.points_value.minor) == (2400, 600, 600)
    assert (after.released.amount, after.released.points) == (3000, 600)


def test_keys_name_their_return() -> None:
    assert return_id_of(settlement_key("ret_1", 2)) == "ret_1"
    assert return_id_of("refund:1") is None


@given(st.data())
def test_whatever_is_returned_cancelled_or_refused_never_more_goes_back_than_was_paid(
    data: st.DataObject,
) -> None:
    quantity = data.draw(st.integers(1, 6))
    price = data.draw(st.integers(1, 500))
    total = quantity * price
    value = data.draw(st.integers(0, total))
    points = data.draw(st.integers(1, 3_000)) if value else 0
    order = order_of([(A, quantity, price)], points=points, points_value=value)
    open_cases: list[ReturnCase] = []
    cash = back = 0
    for step in range(12):
        free = order.lines[0].free
        if free and data.draw(st.booleans()):
            order, case = opened(order, (A, data.draw(st.integers(1, free))), return_id=f"ret_{step}")
            open_cases.append(case)
        elif open_cases:
            case = open_cases.pop(data.draw(st.integers(0, len(open_cases) - 1)))
            if data.draw(st.booleans()):
                asked, _ = ask_cancel(case, story())
                case, order = finish_cancel(asked, order, story())
                continue
            units = sum(1 for _ in case.units())
            bps = data.draw(st.sampled_from([0, 0, 3333]))
            kind = Decision.ACCEPTED_REDUCED if bps else Decision.ACCEPTED
            case, order = graded(case, order, [(A, units)], kind, bps)
            [one] = case.settlements
            cash += one.totals.cash.minor
            back += one.totals.points
    assert 0 <= cash <= total - value
    assert 0 <= back <= points


@given(st.lists(st.integers(1, 3), min_size=1, max_size=6), st.integers(1, 997), st.integers(0, 100))
def test_the_returns_of_a_whole_order_give_back_the_payment_to_the_cent(
    counts: list[int], price: int, percent: int
) -> None:
    total = sum(counts) * price + 1299
    value = total * percent // 100
    order = order_of([(A, sum(counts), price)], shipping=1299, points=value * 3, points_value=value)
    cash = points = 0
    for number, count in enumerate(counts):
        order, case = opened(order, (A, count), return_id=f"ret_{number}")
        case, order = graded(case, order, [(A, count)])
        [one] = case.settlements
        cash += one.totals.cash.minor
        points += one.totals.points
        assert case.state is CaseState.INSPECTED
    assert (cash, points) == (total - value, value * 3)
