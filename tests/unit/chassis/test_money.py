"""Money and its splitting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.money import Money, allocate, exponent


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_parts_always_sum_to_the_whole_and_are_fair(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part * whole - total * weight) < whole, "no part is off by a whole unit"


def test_the_discount_of_o1_is_split_as_the_specification_computes() -> None:
    assert allocate(-5_000, [19_999, 14_997]) == [-2_857, -2_143]
    assert allocate(12_854, [1, 1, 1]) == [4_285, 4_285, 4_284]


def test_ties_go_to_the_lower_index() -> None:
    assert allocate(2, [1, 1, 1]) == [1, 1, 0]


def test_all_weights_zero_gives_all_to_the_first() -> None:
    assert allocate(7, [0, 0]) == [7, 0]


def test_currencies_do_not_mix() -> None:
    with pytest.raises(AftercareError, match="CURRENCY_MISMATCH"):
        Money(1, "PLN") + Money(1, "EUR")


@pytest.mark.parametrize(("currency", "digits"), [("PLN", 2), ("JPY", 0), ("KWD", 3)])
def test_exponents(currency: str, digits: int) -> None:
    assert exponent(currency) == digits


@pytest.mark.parametrize("currency", ["XXX", "pln", "", "ZZZ"])
def test_an_unknown_currency_is_refused(currency: str) -> None:
    with pytest.raises(AftercareError, match="INVALID_CURRENCY"):
        exponent(currency)


@pytest.mark.parametrize(
    ("money", "shown"),
    [(Money(-1_05, "PLN"), "-1.05 PLN"), (Money(500, "JPY"), "500 JPY"), (Money(5, "KWD"), "0.005 KWD")],
)
def test_money_is_shown_with_its_currencys_digits(money: Money, shown: str) -> None:
    assert str(money) == shown
