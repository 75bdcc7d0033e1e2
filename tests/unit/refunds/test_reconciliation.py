"""The worked cases of refunds.md section 4, October 2026, UTC, EUR."""

from datetime import UTC, datetime

from services.chassis.kernel.money import Money
from services.refunds.domain.provider import ProviderMovement
from services.refunds.domain.reconciliation import (
    Books,
    Break,
    BreakKind,
    KnownLeg,
    LedgerRow,
    Period,
    Statement,
    reconcile,
)

OCTOBER = Period(
    datetime(2026, 10, 1, tzinfo=UTC),
    datetime(2026, 11, 1, tzinfo=UTC),
    datetime(2026, 11, 1, 12, tzinfo=UTC),
)
NOVEMBER = Period(
    datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
)


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def october(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 10, day, hour, tzinfo=UTC)


def row(leg_id: str, minor: int, at: datetime) -> LedgerRow:
    return LedgerRow(leg_id, eur(minor), at)


def move(
    refund_id: str, minor: int, at: datetime, *, fee: int = 0, came_back: bool = False
) -> ProviderMovement:
    return ProviderMovement(f"txn_{refund_id}_{minor}", refund_id, eur(minor), eur(fee), at, came_back)


def leg(number: int, *, succeeded: bool = True, in_flight: bool = False) -> KnownLeg:
    return KnownLeg(f"L{number}", f"re_{number}", succeeded, in_flight)


def only(books: Books, period: Period = OCTOBER) -> Statement:
    (statement,) = reconcile(books, period)
    assert statement.unexplained == eur(0)
    return statement


def test_C1_match() -> None:
    found = only(Books([row("L1", 12_000, october(2))], [move("re_1", 12_000, october(2))], [leg(1)]))
    assert (found.matched, found.breaks, found.timing) == (1, (), eur(0))
    assert (found.ledger_total, found.psp_total) == (eur(12_000), eur(12_000))


def test_C2_missing_in_stripe() -> None:
    found = only(Books([row("L2", 4_550, october(4))], [], [leg(2)]))
    assert found.breaks == (Break(BreakKind.MISSING_IN_PSP, "L2", "re_2", eur(4_550)),)


def test_C3_missing_in_ours() -> None:
    found = only(Books([], [move("re_3", 3_000, october(9))], []))
    assert found.breaks == (Break(BreakKind.MISSING_IN_LEDGER, "", "re_3", eur(-3_000)),)


def test_C4_amount() -> None:
    found = only(Books([row("L4", 1_999, october(3))], [move("re_4", 1_990, october(3))], [leg(4)]))
    assert found.breaks == (Break(BreakKind.AMOUNT_MISMATCH, "L4", "re_4", eur(9)),)


def test_C6_fee_is_summed_and_no_difference() -> None:
    found = only(Books([row("L6", 25_000, october(3))], [move("re_6", 25_000, october(3), fee=35)], [leg(6)]))
    assert (found.fees, found.matched, found.breaks) == (eur(35), 1, ())


def test_C7_failed_after_succeeded_and_nobody_told_us() -> None:
    moves = [move("re_7", 6_400, october(5)), move("re_7", -6_400, october(26), came_back=True)]
    found = only(Books([row("L7", 6_400, october(5))], moves, [leg(7)]))
    assert found.breaks == (Break(BreakKind.STATE_MISMATCH, "L7", "re_7", eur(6_400)),)


def test_C7_failed_after_succeeded_and_booked_matches() -> None:
    moves = [move("re_7", 6_400, october(5)), move("re_7", -6_400, october(26), came_back=True)]
    rows = [row("L7", 6_400, october(5)), row("L7", -6_400, october(26))]
    found = only(Books(rows, moves, [leg(7, succeeded=False)]))
    assert (found.matched, found.breaks, found.ledger_total) == (1, (), eur(0))


def test_C7_failure_in_the_next_period_is_that_period_s_break() -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    found = only(Books([], [move("re_7", -6_400, at, came_back=True)], [leg(7)]), NOVEMBER)
    assert found.breaks == (Break(BreakKind.STATE_MISMATCH, "L7", "re_7", eur(6_400)),)


def test_C10_timing_at_the_close_clears_by_itself() -> None:
    sent = datetime(2026, 10, 31, 23, 58, 30, tzinfo=UTC)
    booked = datetime(2026, 11, 1, 0, 0, 40, tzinfo=UTC)
    books = Books([row("L10", 8_000, sent)], [move("re_10", 8_000, booked)], [leg(10)])
    found = only(books)
    assert (found.timing, found.breaks) == (eur(8_000), ())
    assert found.in_transit == (Break(BreakKind.TIMING, "L10", "re_10", eur(8_000)),)
    cleared = only(books, NOVEMBER)
    assert (cleared.timing, cleared.breaks) == (eur(-8_000), ())


def test_C10_young_and_unmatched_is_in_transit_older_is_missing() -> None:
    young = only(Books([row("L10", 8_000, october(31, 11))], [], [leg(10)]))
    assert (young.timing, young.breaks) == (eur(8_000), ())
    old = only(Books([row("L10", 8_000, october(29, 11))], [], [leg(10)]))
    assert old.breaks[0].kind is BreakKind.MISSING_IN_PSP


def test_R2_a_refund_whose_answer_we_never_got_is_found_by_its_metadata() -> None:
    lost = KnownLeg("L1", "", succeeded=True)
    books = Books([row("L1", 500, october(2))], [move("re_1", 500, october(2))], [lost], {"re_1": "L1"})
    assert only(books).matched == 1


def test_a_pending_refund_that_stripe_booked_is_in_transit_however_old() -> None:
    pending = leg(1, succeeded=False, in_flight=True)
    found = only(Books([], [move("re_1", 500, october(2))], [pending]))
    assert (found.timing, found.breaks) == (eur(-500), ())


def test_currencies_have_statements_of_their_own() -> None:
    yen = LedgerRow("L2", Money(700, "JPY"), october(2))
    books = Books([row("L1", 500, october(2)), yen], [move("re_1", 500, october(2))], [leg(1), leg(2)])
    euro, japanese = reconcile(books, OCTOBER)
    assert (euro.currency, euro.matched, euro.breaks) == ("EUR", 1, ())
    assert japanese.breaks[0].difference == Money(700, "JPY")


def test_all_cases_in_one_statement_add_up() -> None:
    rows = [row("L1", 12_000, october(2)), row("L2", 4_550, october(4)), row("L4", 1_999, october(3))]
    moves = [
        move("re_1", 12_000, october(2)),
        move("re_3", 3_000, october(9)),
        move("re_4", 1_990, october(3)),
    ]
    found = only(Books(rows, moves, [leg(1), leg(2), leg(4)]))
    assert found.ledger_total.minor - found.psp_total.minor == 4_550 - 3_000 + 9
    assert sum(each.difference.minor for each in found.breaks) == 1_559
