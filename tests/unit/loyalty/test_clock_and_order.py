import pytest

from services.chassis.kernel.errors import AftercareError
from services.loyalty.domain.account import Account
from services.loyalty.domain.ledger import Bucket, EntryKind
from services.loyalty.domain.rules.advancing import advance
from services.loyalty.domain.rules.spending import cancel, commit, reserve
from tests.builders.loyalty import account, at, give, program, spend

TERMS = program()


def three_lots() -> Account:
    mine = account(at("2026-01-01"))
    give(mine, "L1", 100, earned="2026-01-10", valid_through="2027-01-09")
    give(mine, "L2", 50, earned="2026-03-01", valid_through="2026-12-30")
    give(mine, "L3", 80, earned="2026-02-01")
    return mine


def test_R1a_points_that_expire_first_are_spent_first_and_eternal_ones_last() -> None:
    mine = three_lots()

    spend(mine, 120, at("2026-06-01"))

    assert {name: lot.remaining for name, lot in mine.lots.items()} == {"L1": 30, "L2": 0, "L3": 80}
    assert mine.available == 110
    committed = next(entry for entry in mine.entries if entry.kind is EntryKind.COMMIT)
    assert committed.allocations == (("L2", 50), ("L1", 70))


def test_R1b_the_clock_decides_expiry_and_it_is_written_once() -> None:
    mine = three_lots()
    spend(mine, 120, at("2026-06-01"))
    instant = at("2027-01-10")

    advance(mine, TERMS, instant)
    with pytest.raises(AftercareError) as refused:
        reserve(mine, "h", "o", 81, 0, instant)
    assert refused.value.metadata == {"available": "80", "requested": "81", "missing": "1"}
    reserve(mine, "h", "o", 80, 0, instant)

    expiries = [entry for entry in mine.entries if entry.kind is EntryKind.EXPIRE]
    assert [entry.points for entry in expiries] == [30]
    advance(mine, TERMS, instant)
    assert [entry for entry in mine.entries if entry.kind is EntryKind.EXPIRE] == expiries


def test_R1c_ten_thousand_lots_are_one_spending() -> None:
    mine = account(at("2026-01-01"))
    for number in range(10_000):
        give(mine, f"L{number}", 100, valid_through=f"2027-01-{number % 28 + 1:02}")

    spend(mine, 1_000_000, at("2026-06-01"))

    committed = [entry for entry in mine.entries if entry.kind is EntryKind.COMMIT]
    assert mine.available == 0
    assert len(committed) == 1
    assert sum(points for _, points in committed[0].allocations) == 1_000_000


def test_R5a_a_hold_takes_points_away_and_a_partial_commit_gives_the_rest_back() -> None:
    mine, now = account(at("2026-01-01")), at("2026-06-01")
    give(mine, "L", 500)

    reserve(mine, "h", "o", 400, 0, now)
    assert (mine.available, mine.buckets[Bucket.HELD]) == (100, 400)
    with pytest.raises(AftercareError) as refused:
        reserve(mine, "h2", "o", 400, 0, now)
    assert refused.value.metadata == {"available": "100", "requested": "400", "missing": "300"}

    commit(mine, "h", 250, now)
    assert (mine.available, mine.buckets[Bucket.HELD], mine.buckets[Bucket.REDEEMED]) == (250, 0, 250)


@pytest.mark.parametrize("ending", ["commit", "cancel"])
def test_R5c_held_points_outlive_their_lot_until_the_hold_ends(ending: str) -> None:
    mine = account(at("2026-01-01"))
    give(mine, "L", 100, valid_through="2026-11-30")
    reserve(mine, "h", "o", 100, 900, at("2026-11-30T23:50"))
    later = at("2026-12-01T00:03")
    advance(mine, TERMS, later)

    if ending == "commit":
        commit(mine, "h", 0, later)
        assert mine.buckets[Bucket.REDEEMED] == 100
    else:
        cancel(mine, "h", later)
        assert mine.buckets[Bucket.EXPIRED] == 100
    assert mine.available == 0


def test_R5_a_hold_ends_once_and_says_how() -> None:
    mine, now = account(at("2026-01-01")), at("2026-06-01")
    give(mine, "L", 300)
    for name in ("committed", "canceled", "lapsed"):
        reserve(mine, name, "o", 100, 60, now)
    commit(mine, "committed", 0, now)
    cancel(mine, "canceled", now)
    later = at("2026-06-01T00:01")
    advance(mine, TERMS, later)

    commit(mine, "committed", 0, later)  # again: no change
    cancel(mine, "canceled", later)
    assert (mine.available, mine.buckets[Bucket.REDEEMED]) == (200, 100)
    with pytest.raises(AftercareError, match="HOLD_ALREADY_COMMITTED"):
        cancel(mine, "committed", later)
    with pytest.raises(AftercareError, match="HOLD_ALREADY_COMMITTED"):
        commit(mine, "committed", 50, later)
    with pytest.raises(AftercareError, match="HOLD_ALREADY_CANCELED"):
        commit(mine, "canceled", 0, later)
    with pytest.raises(AftercareError, match="HOLD_EXPIRED"):
        commit(mine, "lapsed", 0, later)
    with pytest.raises(AftercareError, match="HOLD_EXPIRED"):
        cancel(mine, "lapsed", later)
    with pytest.raises(AftercareError, match="RESERVATION_NOT_FOUND"):
        commit(mine, "unknown", 0, later)
