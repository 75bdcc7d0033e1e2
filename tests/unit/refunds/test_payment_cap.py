from datetime import UTC, datetime

import pytest

from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.money import Money
from services.refunds.domain.payment import Payment, Provider, split, take_over

AT = datetime(2026, 10, 1, tzinfo=UTC)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def payment(name: str = "pay_1", captured: int = 10_000, ordinal: int = 0) -> Payment:
    return Payment("shop", name, "o1", Provider.STRIPE, f"pi_{name}", eur(captured), AT, ordinal)


def test_what_is_reserved_and_settled_never_exceeds_what_was_captured() -> None:
    charge = payment()
    charge.reserve("a", eur(6_000))
    charge.settle("a", eur(6_000), "re_a")
    charge.reserve("b", eur(4_000))
    with pytest.raises(AftercareError, match="OVER_CAP"):
        charge.reserve("c", eur(1))
    assert (charge.refunded, charge.reserved, charge.refundable) == (eur(6_000), eur(4_000), eur(0))


def test_moves_repeat_without_effect_and_never_go_back() -> None:
    charge = payment()
    for _ in range(2):
        charge.reserve("a", eur(6_000))
        charge.settle("a", eur(6_000), "re_a")
    charge.release("a")
    charge.release("a")
    assert charge.refundable == eur(10_000)


def test_money_that_went_out_after_we_let_go_counts_against_the_cap() -> None:
    charge = payment()
    charge.reserve("a", eur(6_000))
    charge.release("a")
    charge.settle("a", eur(6_000), "re_a")
    assert charge.refunded == eur(6_000)
    charge.release("a", "re_a")
    assert charge.refundable == eur(10_000)


def test_a_split_takes_payments_in_the_order_of_their_import() -> None:
    first, second = payment("pay_b", 3_000), payment("pay_a", 5_000, ordinal=1)
    assert split(eur(4_000), [second, first], "o1") == {"pay_b": eur(3_000), "pay_a": eur(1_000)}
    with pytest.raises(AftercareError) as refused:
        split(eur(8_001), [second, first], "o1")
    assert refused.value.metadata["refundable"] == "8000"


def test_an_import_names_a_charge_the_same_each_time() -> None:
    one, two = payment(""), payment("")
    event = take_over(one)
    take_over(two)
    assert one.payment_id == two.payment_id == event.aggregate_id
    assert event.sequence == 1
