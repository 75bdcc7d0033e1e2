from datetime import date
from zoneinfo import ZoneInfo

import pytest

from services.chassis.kernel.errors import AftercareError
from services.loyalty.domain.expiry import after_days, after_months, days_later
from services.loyalty.domain.rules.advancing import advance
from services.loyalty.domain.rules.spending import reserve
from tests.builders.loyalty import account, at, earned_order, program

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("earned", "months", "last", "expires"),
    [
        ("2026-03-31T21:30", 12, "2027-03-31", "2027-03-31T22:00"),
        ("2026-03-31T22:30", 12, "2027-04-01", "2027-04-01T22:00"),
        ("2026-01-31T12:00", 1, "2026-02-28", "2026-02-28T23:00"),
        ("2024-02-29T12:00", 12, "2025-02-28", "2025-02-28T23:00"),
        ("2026-12-31T12:00", 2, "2027-02-28", "2027-02-28T23:00"),
    ],
)
def test_R7_months_are_counted_in_local_days_and_clamped(
    earned: str, months: int, last: str, expires: str
) -> None:
    expiry = after_months(at(earned), months, BERLIN)

    assert expiry.last_valid_date == date.fromisoformat(last)
    assert expiry.expires_at == at(expires)


def test_R7_no_period_ends_with_the_same_local_day_also_when_it_has_25_hours() -> None:
    assert after_days(at("2026-10-25T00:30"), 0, BERLIN).expires_at == at("2026-10-25T23:00")


def test_R7_a_day_that_begins_without_a_midnight_begins_at_the_change() -> None:
    # In Beirut the clocks went from 0:00 to 1:00 on 2026-03-29.
    assert after_days(at("2026-03-28T12:00"), 0, ZoneInfo("Asia/Beirut")).expires_at == at("2026-03-28T22:00")


def test_R7_days_are_local_days_across_the_change_of_clocks() -> None:
    assert days_later(at("2026-03-28T12:00"), 2, BERLIN) == at("2026-03-30T11:00")


def test_R7_points_are_spendable_until_the_last_millisecond() -> None:
    terms = program(zone="Europe/Berlin")
    mine = account(at("2026-03-31"))
    earned_order(mine, terms, "o", 10_000, day="2026-03-31T21:30")

    before = at("2027-03-31T21:59:59.999")
    advance(mine, terms, before)
    assert mine.available == 100
    reserve(mine, "h", "o2", 1, 1, before)

    over = at("2027-03-31T22:00")
    advance(mine, terms, over)
    assert mine.available == 0
    with pytest.raises(AftercareError) as refused:
        reserve(mine, "h2", "o2", 1, 1, over)
    assert refused.value.reason == "INSUFFICIENT_POINTS"
