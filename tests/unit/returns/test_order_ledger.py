from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.kernel.errors import AftercareError
from services.returns.domain.orders.importing import take_over
from services.returns.domain.orders.ledger import included_tax
from services.returns.domain.orders.order import Order, OrderLine
from services.returns.domain.orders.telling import paid_lines
from tests.builders.returns_orders import A, B, o1, order_of


def line_of(order: Order, line_id: str) -> OrderLine:
    line = order.line(line_id)
    assert line is not None
    return line


def test_case_O1_discount_and_tax_go_to_units_by_largest_remainder() -> None:
    order = o1()
    a, b = line_of(order, A), line_of(order, B)
    assert (a.paid, b.paid, order.total) == (17142, 12854, 32495)
    assert [b.unit_paid(unit) for unit in range(3)] == [4285, 4285, 4284]
    assert (a.tax, b.tax) == (3205, 952)
    assert [b.unit_tax(unit) for unit in range(3)] == [318, 317, 317]


def test_case_11_yen_has_no_decimals() -> None:
    order = order_of([(A, 3, 3333), (B, 1, 1250)], currency="JPY", discount=1000, rate=1000)
    a, b = line_of(order, A), line_of(order, B)
    assert [a.unit_paid(unit) for unit in range(3)] == [3037, 3037, 3036]
    assert b.paid == 1250 - 111
    assert order.money(a.unit_paid(0)).minor == 3037


@pytest.mark.parametrize(
    ("paid", "rate", "tax"), [(12300, 2300, 2300), (1, 2300, 0), (0, 2300, 0), (10800, 800, 800), (500, 0, 0)]
)
def test_the_tax_within_a_gross_amount_is_rounded_half_up(paid: int, rate: int, tax: int) -> None:
    assert included_tax(paid, rate) == tax


def test_a_points_tender_is_spread_over_the_lines_it_paid_for() -> None:
    order = order_of([(A, 1, 6000), (B, 1, 4000)], points=2000, points_value=2000)
    assert [(line.net.minor, line.tender_points) for line in paid_lines(order)] == [(4800, 1200), (3200, 800)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"currency": "XXX"}, "INVALID_CURRENCY"),
        ({"shipping": 2500}, "TENDERS_DO_NOT_SUM"),
        ({"discount": -1}, "INVALID_AMOUNT"),
        ({"discount": 99_999_999}, "INVALID_AMOUNT"),
        ({"shipping_cheapest": -1}, "INVALID_AMOUNT"),
        ({"lines": (OrderLine(A, "", "", 1, 1, 0), OrderLine(A, "", "", 1, 1, 0))}, "DUPLICATE_LINE"),
        ({"lines": (OrderLine(A, "", "", 1, -1, 0),)}, "INVALID_AMOUNT"),
        ({"lines": (OrderLine(A, "", "", 100_000, 10**12, 0),)}, "INVALID_AMOUNT"),
    ],
)
def test_an_order_that_does_not_add_up_is_refused(change: dict[str, object], reason: str) -> None:
    with pytest.raises(AftercareError) as refused:
        take_over(replace(o1(), **change))  # type: ignore[arg-type] # the table's values are of many types
    assert refused.value.reason == reason


def test_points_without_a_points_tender_are_refused() -> None:
    order = o1()
    [card] = order.tenders
    with pytest.raises(AftercareError) as refused:
        take_over(replace(order, tenders=(replace(card, points=5),)))
    assert refused.value.reason == "INVALID_AMOUNT"


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 50_000)), min_size=1, max_size=8),
    st.integers(0, 100),
)
def test_units_sum_to_what_was_paid(lines: list[tuple[int, int]], percent: int) -> None:
    goods = sum(quantity * price for quantity, price in lines)
    order = order_of(
        [(str(n), quantity, price) for n, (quantity, price) in enumerate(lines)],
        discount=goods * percent // 100,
    )
    units = sum(line.unit_paid(unit) for line in order.lines for unit in range(line.quantity))
    assert units == order.total == goods - goods * percent // 100
    assert all(sum(line.unit_tax(unit) for unit in range(line.quantity)) == line.tax for line in order.lines)


def test_a_line_of_a_hundred_thousand_units_is_as_cheap_as_one_of_one() -> None:
    line = line_of(order_of([(A, 100_000, 333)], discount=12_345), A)
    assert line.unit_paid(0) - line.unit_paid(99_999) in {0, 1}
    assert line.first_free(2) == (0, 1)
