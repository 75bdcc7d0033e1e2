import re

from services.returns.domain.cases.rma import is_rma_number, rma_number


def test_numbers_have_the_form_and_their_digit_fits() -> None:
    number = rma_number(2026, 42)
    assert re.fullmatch(r"RMA-26-000042-\d", number)
    assert is_rma_number(number)
    assert is_rma_number(rma_number(2026, 1_234_567))


def test_one_wrong_digit_is_noticed() -> None:
    number = rma_number(2026, 123_456)
    for place, digit in enumerate(number):
        if digit.isdigit():
            for other in "0123456789".replace(digit, ""):
                assert not is_rma_number(number[:place] + other + number[place + 1 :])
