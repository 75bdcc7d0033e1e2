from dataclasses import replace
from datetime import timedelta

import pytest

from services.chassis.kernel.errors import AftercareError
from services.returns.domain.orders.order import Order
from services.returns.domain.quoting.policy import Policy
from services.returns.domain.quoting.quote import AskedLine, Quote, check_window, compute_quote
from services.returns.domain.quoting.reasons import Reason
from tests.builders.returns_orders import DELIVERED, A, B, o1, order_of

LABEL = 999


def quote(order: Order, *asked: tuple[str, int], reason: Reason = Reason.CHANGED_MIND, fee: int = 0) -> Quote:
    return compute_quote(order, [AskedLine(line, count, reason) for line, count in asked], fee)


def after(order: Order, given: Quote, return_id: str = "ret_1") -> Order:
    shipping_by = return_id if given.totals.shipping.minor else ""
    return order.with_units_taken(given.units(), order.released.plus(given.share, shipping_by))


def test_case_02_one_unit_changed_mind_with_a_paid_label() -> None:
    totals = quote(o1(), (B, 1), fee=LABEL).totals
    assert (totals.goods.minor, totals.shipping.minor, totals.fee.minor, totals.cash.minor) == (
        4285,
        0,
        999,
        3286,
    )


def test_case_02_the_free_variant_wrong_item_and_the_free_label() -> None:
    assert quote(o1(), (B, 1), reason=Reason.WRONG_ITEM, fee=LABEL).totals.cash.minor == 4285
    assert quote(o1(), (B, 1)).totals.cash.minor == 4285


def test_no_fee_at_all_when_one_unit_of_the_parcel_is_the_merchants_fault() -> None:
    asked = [AskedLine(A, 1, Reason.CHANGED_MIND), AskedLine(B, 1, Reason.DEFECTIVE)]
    assert compute_quote(o1(), asked, LABEL).totals.fee.minor == 0


def test_case_03_four_returns_sum_to_the_order() -> None:
    order = o1()
    goods, cash, tax = [], [], 0
    for line_id in (B, B, B, A):
        one = quote(order, (line_id, 1))
        [line] = one.lines
        sold = order.line(line_id)
        assert sold is not None
        tax += sold.unit_tax(line.units[0])
        goods.append(one.totals.goods.minor)
        cash.append(one.totals.cash.minor)
        order = after(order, one)
    assert goods == [4285, 4285, 4284, 17142]
    assert sum(goods) == 29996
    assert tax == 4157
    assert cash[-1] == 18441  # the last also releases the cheapest delivery, 12.99


def test_case_01_a_full_withdrawal_gives_back_the_cheapest_delivery_only() -> None:
    assert quote(o1(), (A, 1), (B, 3)).totals.cash.minor == 31295


def test_case_05_a_fee_above_the_refund_is_capped() -> None:
    totals = quote(order_of([(A, 1, 800)]), (A, 1), fee=LABEL).totals
    assert (totals.fee.minor, totals.cash.minor) == (800, 0)


def test_case_R9a_points_go_back_as_points() -> None:
    order = order_of([(A, 1, 6000), (B, 1, 4000)], points=2000, points_value=2000)
    first = quote(order, (A, 1))
    assert (first.totals.cash.minor, first.totals.points, first.totals.points_value.minor) == (
        4800,
        1200,
        1200,
    )
    second = quote(after(order, first), (B, 1))
    assert (second.totals.cash.minor, second.totals.points) == (3200, 800)


def test_points_and_money_of_many_small_returns_telescope() -> None:
    order = order_of([(A, 7, 143)], points=333, points_value=500)
    points = cash = 0
    for number in range(7):
        one = quote(order, (A, 1))
        points += one.totals.points
        cash += one.totals.cash.minor
        order = after(order, one, f"ret_{number}")
    assert (points, cash) == (333, 1001 - 500)


def test_a_cancelled_return_in_between_leaves_the_sums_right() -> None:
    order = order_of([(A, 7, 143)], points=333, points_value=500)
    first, order = quote(order, (A, 2)), after(order, quote(order, (A, 2)))
    second, order = quote(order, (A, 2)), after(order, quote(order, (A, 2)))
    order = order.with_units_freed(first.units(), order.released.minus(first.share))
    third = quote(order, (A, 5))
    assert second.totals.points + third.totals.points == 333
    assert second.totals.cash.minor + third.totals.cash.minor == 501


def test_the_delivery_goes_back_once() -> None:
    order = o1()
    first = quote(order, (A, 1), (B, 3))
    order = after(order, first)
    order = order.with_units_freed({B: (2,)}, order.released)
    assert quote(order, (B, 1)).totals.shipping.minor == 0


@pytest.mark.parametrize(("line_id", "count"), [("C", 1), (B, 4)])
def test_more_than_was_sold_is_refused(line_id: str, count: int) -> None:
    with pytest.raises(AftercareError) as refused:
        quote(o1(), (line_id, count))
    assert refused.value.reason == "RETURN_EXCEEDS_ORDER"


def test_one_line_for_two_reasons_counts_together() -> None:
    asked = [AskedLine(B, 2, Reason.DEFECTIVE), AskedLine(B, 2, Reason.CHANGED_MIND)]
    with pytest.raises(AftercareError) as refused:
        compute_quote(o1(), asked, 0)
    assert refused.value.reason == "RETURN_EXCEEDS_ORDER"
    both = compute_quote(o1(), [AskedLine(B, 1, Reason.DEFECTIVE), AskedLine(B, 2, Reason.CHANGED_MIND)], 0)
    assert [line.units for line in both.lines] == [(0,), (1, 2)]


def test_units_on_another_return_are_refused() -> None:
    order = after(o1(), quote(o1(), (B, 2)))
    with pytest.raises(AftercareError) as refused:
        quote(order, (B, 2))
    assert refused.value.reason == "UNITS_ALREADY_ON_RETURN"
    assert quote(order, (B, 1)).lines[0].units == (2,)


def test_the_window_opens_with_delivery_and_ends() -> None:
    policy, order = Policy(), o1()
    check_window(order, policy, DELIVERED + timedelta(days=30))
    with pytest.raises(AftercareError, match="WINDOW_CLOSED"):
        check_window(order, policy, DELIVERED + timedelta(days=30, milliseconds=1))
    with pytest.raises(AftercareError, match="NOT_DELIVERED"):
        check_window(replace(order, delivered_at=None), policy, DELIVERED)
