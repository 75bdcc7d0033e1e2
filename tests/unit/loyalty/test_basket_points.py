import pytest

from services.loyalty.domain.basket_points import EarnRule, FixedBonus, ReturnMode, Rounding, points_of
from services.loyalty.domain.rules.returning import process_return
from tests.builders.loyalty import account, at, earned_order, program, returned

NOW = at("2026-06-01")


def test_R3c_an_order_is_rounded_once_and_split_by_largest_remainder() -> None:
    assert points_of(EarnRule(1, 100), [333, 333, 334]) == (10, (3, 3, 4))


@pytest.mark.parametrize(
    ("rounding", "expected"), [(Rounding.FLOOR, 10), (Rounding.HALF_UP, 11), (Rounding.CEIL, 11)]
)
def test_rounding_modes(rounding: Rounding, expected: int) -> None:
    assert points_of(EarnRule(1, 100, rounding), [1050]).total == expected


def test_an_empty_basket_earns_nothing_in_any_mode() -> None:
    assert points_of(EarnRule(1, 100, Rounding.CEIL, (FixedBonus(0, 5),)), [0, 0]) == (0, (0, 0))


@pytest.mark.parametrize(
    ("mode", "claws"), [(ReturnMode.RECALCULATE, [1, 1, 0]), (ReturnMode.PROPORTIONAL, [0, 1, 1])]
)
def test_R3a_slices_of_a_return_take_back_as_much_as_the_whole(mode: ReturnMode, claws: list[int]) -> None:
    terms = program(rate=(1, 1000))
    mine = account(NOW)
    assert earned_order(mine, terms, "o", 2190, day="2026-06-01").points == 2

    taken = [
        process_return(mine, terms, "o", returned(f"r{number}", line_1=amount), NOW, mode).clawed.taken
        for number, amount in enumerate((999, 999, 192))
    ]

    assert taken == claws


def test_R3d_a_bonus_is_lost_when_the_kept_basket_no_longer_reaches_it() -> None:
    terms = program(bonuses=(FixedBonus(10_000, 50),))
    mine = account(NOW)
    assert earned_order(mine, terms, "o", 10_000, 2_000, day="2026-06-01").points == 170

    first = process_return(mine, terms, "o", returned("r1", line_2=2_000), NOW)
    second = process_return(mine, terms, "o", returned("r2", line_1=3_000), NOW)

    assert first.clawed.taken == 20
    assert second.clawed.taken == 80
    assert mine.available == 70
