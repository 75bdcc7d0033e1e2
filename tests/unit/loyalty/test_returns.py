import pytest

from services.chassis.kernel.errors import AftercareError
from services.loyalty.domain.account import Account
from services.loyalty.domain.ledger import Bucket, EntryKind
from services.loyalty.domain.program import ClawbackPolicy, Program
from services.loyalty.domain.rules.advancing import advance
from services.loyalty.domain.rules.clawback import Clawed
from services.loyalty.domain.rules.earning import close_return, deliver, earn, open_return
from services.loyalty.domain.rules.returning import park_return, process_early_returns, process_return
from services.loyalty.domain.rules.spending import cancel, commit, reserve
from tests.builders.loyalty import (
    account,
    at,
    basket,
    earned_order,
    give,
    program,
    returned,
    spend,
)

NOW = at("2026-08-01")


def spent_order(policy: ClawbackPolicy) -> Account:
    """Case R2: order A earned 200, another lot has 30, 180 are spent."""
    terms = program(policy=policy)
    mine = account(at("2026-06-30"))
    earned_order(mine, terms, "A", 20_000, day="2026-06-30")
    give(mine, "LB", 30, valid_through="2026-12-31")
    spend(mine, 180, at("2026-07-01"))
    return mine


@pytest.mark.parametrize(
    ("policy", "clawed", "available", "deficit", "written_off"),
    [
        (ClawbackPolicy.ALLOW_NEGATIVE, Clawed(from_order_lots=50, deficit=150), 0, 150, 0),
        (ClawbackPolicy.WITHIN_BALANCE, Clawed(from_order_lots=50, written_off=150), 0, 0, 150),
        (ClawbackPolicy.RECOVER_FROM_REFUND, Clawed(from_order_lots=50, recovered=150), 0, 0, 0),
        (ClawbackPolicy.ONLY_PENDING, Clawed(unrecovered=200), 50, 0, 0),
    ],
)
def test_R2_points_that_are_spent_already_follow_the_policy(
    policy: ClawbackPolicy, clawed: Clawed, available: int, deficit: int, written_off: int
) -> None:
    mine = spent_order(policy)

    outcome = process_return(mine, program(policy=policy), "A", returned("r", line_1=20_000), NOW)

    assert outcome.clawed == clawed
    assert (mine.available, mine.deficit) == (available, deficit)
    assert outcome.balance.displayed == available - deficit
    assert -mine.buckets[Bucket.WRITTEN_OFF] == written_off
    assert outcome.cash_refund - outcome.recover_from_refund == (
        19_850 if policy is ClawbackPolicy.RECOVER_FROM_REFUND else 20_000
    )


def test_R2_later_points_repay_the_deficit_first() -> None:
    terms = program()
    mine = spent_order(ClawbackPolicy.ALLOW_NEGATIVE)
    process_return(mine, terms, "A", returned("r", line_1=20_000), NOW)

    earned_order(mine, terms, "B", 22_000, day="2026-08-02")

    assert (mine.available, mine.deficit) == (70, 0)
    assert mine.balance(NOW).lifetime_earned == 30 + 200 + 220 - 200
    assert [entry.points for entry in mine.entries if entry.kind is EntryKind.DEFICIT_REPAID] == [150]


def test_R2_pending_points_are_taken_first_and_other_lots_before_a_deficit() -> None:
    terms = program(window=14)
    mine = account(at("2026-07-01"))
    give(mine, "other", 500)
    earn(mine, terms, basket("A", 10_000, placed="2026-07-01"), at("2026-07-01"))

    outcome = process_return(mine, terms, "A", returned("r", line_1=10_000), NOW)
    assert outcome.clawed == Clawed(from_pending=100)
    assert mine.available == 500

    earned_order(mine, program(), "B", 10_000, day="2026-07-01")
    spend(mine, 450, NOW)  # B's 100 expire first
    clawed = process_return(mine, terms, "B", returned("r2", line_1=10_000), NOW).clawed
    assert clawed == Clawed(from_other_lots=100)


def test_R2_held_points_are_never_taken() -> None:
    terms = program()
    mine = account(at("2026-07-01"))
    earned_order(mine, terms, "A", 10_000, day="2026-07-01")
    reserve(mine, "h", "o", 80, 900, NOW)

    clawed = process_return(mine, terms, "A", returned("r", line_1=10_000), NOW).clawed

    assert clawed == Clawed(from_order_lots=20, deficit=80)
    commit(mine, "h", 0, NOW)
    assert (mine.available, mine.deficit) == (0, 80)


def test_R2_points_of_a_hold_that_ends_repay_the_deficit_first() -> None:
    terms = program()
    mine = account(at("2026-07-01"))
    earned_order(mine, terms, "A", 10_000, day="2026-07-01")
    reserve(mine, "h", "o", 100, 900, NOW)
    process_return(mine, terms, "A", returned("r", line_1=7_000), NOW)
    assert mine.deficit == 70

    cancel(mine, "h", NOW)

    assert (mine.available, mine.deficit) == (30, 0)


def test_R9a_points_and_cash_come_back_in_the_order_s_own_proportion() -> None:
    terms = program()
    mine = account(at("2026-07-01"))
    give(mine, "old", 2_000)
    spend(mine, 2_000, at("2026-07-01"), order_id="O")
    goods = basket("O", 4_800, 3_200, tender=(1_200, 800), placed="2026-07-01", delivered="2026-07-01")
    assert earn(mine, terms, goods, at("2026-07-01")).points == 80
    assert mine.orders["O"].earning is not None
    assert mine.orders["O"].earning.line_points == (48, 32)

    first = process_return(mine, terms, "O", returned("r1", line_1=6_000), NOW)
    second = process_return(mine, terms, "O", returned("r2", line_2=4_000), NOW)

    assert [outcome.cash_refund for outcome in (first, second)] == [4_800, 3_200]
    assert [sum(each.points for each in outcome.restored) for outcome in (first, second)] == [1_200, 800]
    assert [outcome.clawed.taken for outcome in (first, second)] == [48, 32]
    assert mine.available == 2_000


def order_paid_with_two_lots(grace: int) -> tuple[Account, Program]:
    terms = program(grace=grace)
    mine = account(at("2026-07-01"))
    give(mine, "L1", 500, valid_through="2026-12-31")
    give(mine, "L2", 1_500, valid_through="2027-06-30")
    spend(mine, 2_000, at("2026-07-01"), order_id="O")
    goods = basket("O", 4_800, 3_200, tender=(1_200, 800), placed="2026-07-01")
    earn(mine, terms, goods, at("2026-07-01"))
    return mine, terms


def test_R9c_points_go_back_to_their_lots_last_spent_first() -> None:
    mine, terms = order_paid_with_two_lots(grace=30)

    first = process_return(mine, terms, "O", returned("r1", line_1=6_000), NOW)
    second = process_return(mine, terms, "O", returned("r2", line_2=4_000), NOW)

    assert [(each.lot_id, each.points) for each in first.restored] == [("L2", 1_200)]
    assert [(each.lot_id, each.points) for each in second.restored] == [("L2", 300), ("L1", 500)]
    assert mine.lots["L1"].expires_at == at("2027-01-01")


def test_R9c_an_expired_lot_gets_days_of_grace() -> None:
    mine, terms = order_paid_with_two_lots(grace=30)
    process_return(mine, terms, "O", returned("r1", line_1=6_000), NOW)
    late = at("2027-02-01")

    advance(mine, terms, late)
    outcome = process_return(mine, terms, "O", returned("r2", line_2=4_000), late)

    assert [(each.lot_id, each.points, each.forfeited) for each in outcome.restored] == [
        ("L2", 300, False),
        ("L1", 500, False),
    ]
    assert str(mine.lots["L1"].last_valid_date) == "2027-03-03"
    assert mine.available == 2_000


def test_R9c_without_grace_an_expired_lot_gives_its_part_up() -> None:
    mine, terms = order_paid_with_two_lots(grace=0)
    process_return(mine, terms, "O", returned("r1", line_1=6_000), NOW)
    late = at("2027-02-01")

    outcome = process_return(mine, terms, "O", returned("r2", line_2=4_000), late)

    assert [(each.lot_id, each.forfeited) for each in outcome.restored] == [("L2", False), ("L1", True)]
    assert mine.available == 1_500
    assert mine.buckets[Bucket.EXPIRED] == 500


def test_R9_a_restore_repays_a_deficit_first() -> None:
    mine, terms = order_paid_with_two_lots(grace=30)
    earned_order(mine, terms, "X", 30_000, day="2026-07-02")
    spend(mine, 300, at("2026-07-02"))
    process_return(mine, terms, "X", returned("rx", line_1=30_000), NOW)
    assert mine.deficit == 300

    process_return(mine, terms, "O", returned("r1", line_1=6_000), NOW)

    assert (mine.available, mine.deficit) == (900, 0)


def test_a_return_is_processed_once_and_never_exceeds_the_order() -> None:
    terms, mine = program(), account(at("2026-07-01"))
    earned_order(mine, terms, "A", 10_000, day="2026-07-01")
    process_return(mine, terms, "A", returned("r", line_1=6_000), NOW)

    for order_id, goods, reason in (
        ("A", returned("r", line_1=1_000), "DUPLICATE_SOURCE"),
        ("A", returned("r2", line_1=4_001), "RETURN_EXCEEDS_ORDER"),
        ("A", returned("r2", line_9=1), "RETURN_EXCEEDS_ORDER"),
        ("B", returned("r2", line_1=1), "ORDER_NOT_EARNED"),
    ):
        marks = mine.marks
        with pytest.raises(AftercareError) as refused:
            process_return(mine, terms, order_id, goods, NOW)
        assert refused.value.reason == reason
        assert mine.marks == marks


def test_points_wait_for_delivery_the_window_and_every_open_return() -> None:
    terms, mine = program(window=14), account(at("2026-07-01"))
    earn(mine, terms, basket("A", 10_000, placed="2026-07-01"), at("2026-07-01"))
    advance(mine, terms, at("2026-07-20"))
    assert (mine.available, mine.buckets[Bucket.PENDING]) == (0, 100)

    deliver(mine, terms, "A", at("2026-07-10"), at("2026-07-20"))
    open_return(mine, terms, "A", "r1", at("2026-07-20"))
    open_return(mine, terms, "A", "r2", at("2026-07-20"))
    advance(mine, terms, at("2026-07-25"))
    close_return(mine, terms, "A", "r1", at("2026-07-26"))
    assert mine.available == 0

    close_return(mine, terms, "A", "r2", at("2026-07-27"))
    assert mine.available == 100
    assert mine.lots["o.A"].activates_at == at("2026-07-27")


def test_facts_that_come_before_the_payment_are_kept_in_any_order() -> None:
    terms, mine = program(window=14), account(at("2026-07-01"))
    close_return(mine, terms, "A", "r1", at("2026-07-20"))
    open_return(mine, terms, "A", "r1", at("2026-07-20"))
    deliver(mine, terms, "A", at("2026-07-02"), at("2026-07-20"))
    assert park_return(mine, "A", returned("r1", line_1=4_000))

    earn(mine, terms, basket("A", 10_000, placed="2026-07-01"), at("2026-07-20"))
    process_early_returns(mine, terms, "A", at("2026-07-20"))

    assert mine.available == 60
    assert mine.orders["A"].clawed == 40
    assert not park_return(mine, "A", returned("r2", line_1=1))
