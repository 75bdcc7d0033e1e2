from services.loyalty.domain.account import Account
from services.loyalty.domain.ledger import Bucket, replay, sums, verify_chain
from services.loyalty.domain.rules.advancing import advance
from services.loyalty.domain.rules.earning import deliver, earn
from services.loyalty.domain.rules.returning import process_return
from services.loyalty.domain.rules.spending import commit, reserve
from tests.builders.loyalty import account, at, basket, program, returned

TERMS = program(window=14, months=1)


def case_r10() -> Account:
    """Two orders earn 300; 120 are reserved and 100 spent, 50 expire, 30 are taken back."""
    mine = account(at("2026-01-01"))
    for order, net, day in (("A", 15_000, "2026-01-01"), ("B", 15_000, "2026-01-20")):
        earn(mine, TERMS, basket(order, net, placed=day), at(day))
        deliver(mine, TERMS, order, at(day), at(day))
    advance(mine, TERMS, at("2026-02-05"))
    reserve(mine, "h", "o", 120, 900, at("2026-02-05"))
    commit(mine, "h", 100, at("2026-02-05"))
    advance(mine, TERMS, at("2026-02-20"))
    process_return(mine, TERMS, "B", returned("r", line_1=3_000), at("2026-02-20"))
    return mine


def test_R10_the_buckets_tell_where_every_point_is() -> None:
    mine = case_r10()

    assert mine.buckets == {
        Bucket.PENDING: 0,
        Bucket.AVAILABLE: 120,
        Bucket.HELD: 0,
        Bucket.DEFICIT: 0,
        Bucket.ISSUED: -270,
        Bucket.REDEEMED: 100,
        Bucket.EXPIRED: 50,
        Bucket.WRITTEN_OFF: 0,
    }
    assert sums(mine.entries) == mine.buckets
    assert verify_chain(mine.entries) == (True, 0, "")


def test_R10_a_past_balance_is_the_replay_to_that_time() -> None:
    mine = case_r10()

    assert replay(mine.entries, at("2026-01-10"))[Bucket.PENDING] == 150
    assert replay(mine.entries, at("2026-02-04"))[Bucket.AVAILABLE] == 300
    assert replay(mine.entries, at("2026-02-14"))[Bucket.AVAILABLE] == 200


def test_R10_a_changed_entry_and_a_missing_one_are_found_where_they_are() -> None:
    entries = case_r10().entries

    for place, entry in enumerate(entries):
        forged = [*entries[:place], entry._replace(points=entry.points + 1), *entries[place + 1 :]]
        assert verify_chain(forged) == (False, place + 1, "the content is not what was hashed")
        without = entries[:place] + entries[place + 1 :]
        if place + 1 < len(entries):
            assert verify_chain(without) == (False, place + 1, "an entry is missing")
