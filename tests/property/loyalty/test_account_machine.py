from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.chassis.kernel.errors import AftercareError
from services.loyalty.domain.account import Account
from services.loyalty.domain.basket_points import FixedBonus, Rounding
from services.loyalty.domain.ledger import Bucket, Source, SourceType, sums, verify_chain
from services.loyalty.domain.lots import LotState
from services.loyalty.domain.orders import Returned, ReturnedLine
from services.loyalty.domain.program import ClawbackPolicy, Program
from services.loyalty.domain.rules.adjusting import adjust
from services.loyalty.domain.rules.advancing import advance
from services.loyalty.domain.rules.earning import close_return, deliver, earn, open_return
from services.loyalty.domain.rules.returning import process_return
from services.loyalty.domain.rules.spending import cancel, commit, reserve
from tests.builders.loyalty import CURRENCY, account, at, basket, program

AMOUNTS = st.lists(st.sampled_from([0, 99, 1_000, 3_333, 20_000]), min_size=1, max_size=3)


class AccountMachine(RuleBasedStateMachine):
    """Anything a shop may do to one account, in any order, with a clock that jumps."""

    account: Account
    program: Program

    @initialize(
        policy=st.sampled_from([*ClawbackPolicy, ClawbackPolicy.ALLOW_NEGATIVE]),
        window=st.sampled_from([0, 0, 14]),
        months=st.sampled_from([0, 1, 12]),
        grace=st.sampled_from([0, 30]),
        rounding=st.sampled_from(Rounding),
        bonuses=st.sampled_from([(), (FixedBonus(2_000, 25),)]),
    )
    def begin(
        self,
        policy: ClawbackPolicy,
        window: int,
        months: int,
        grace: int,
        rounding: Rounding,
        bonuses: tuple[FixedBonus, ...],
    ) -> None:
        self.now = at("2026-01-30T10:00")
        self.program = program(
            policy=policy,
            window=window,
            months=months,
            grace=grace,
            rounding=rounding,
            bonuses=bonuses,
            zone="Europe/Warsaw",
        )
        self.account = account(self.now)
        self.left: dict[str, list[int]] = {}
        self.count = 0

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def order(self, pick: int) -> str:
        return sorted(self.left)[pick % len(self.left)]

    @rule(hours=st.sampled_from([1, 12, 24 * 15, 24 * 40, 24 * 400]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        advance(self.account, self.program, self.now)

    @rule(
        nets=AMOUNTS, delivered=st.sampled_from([True, True, False]), tender=st.sampled_from([0, 0, 77, 300])
    )
    def an_order_is_paid(self, nets: list[int], delivered: bool, tender: int) -> None:  # noqa: FBT001 - drawn
        order_id = self.name("o")
        tenders = (tender, *([0] * (len(nets) - 1)))
        spendable = min(tender, self.account.available)
        if spendable:
            hold = self.name("h")
            reserve(self.account, hold, order_id, spendable, 900, self.now)
            commit(self.account, hold, 0, self.now)
        day = self.now.replace(tzinfo=None).isoformat()
        goods = basket(order_id, *nets, tender=tenders, placed=day, delivered=day if delivered else "")
        earn(self.account, self.program, goods, self.now)
        self.left[order_id] = [
            net + self.program.worth(points) for net, points in zip(nets, tenders, strict=True)
        ]

    @rule(points=st.integers(-200, 200).filter(bool))
    def somebody_adjusts(self, points: int) -> None:
        before = self.account.marks
        try:
            adjust(
                self.account,
                self.program,
                points,
                Source(SourceType.ADJUSTMENT, self.name("a")),
                "",
                self.now,
            )
        except AftercareError:
            assert self.account.marks == before

    @rule(percent=st.sampled_from([1, 50, 100, 101]), seconds=st.sampled_from([60, 86_400]))
    def points_are_reserved(self, percent: int, seconds: int) -> None:
        before, available = self.account.marks, self.account.available
        points = available * percent // 100 + 1 if percent > 100 else max(1, available * percent // 100)
        try:
            reserve(self.account, self.name("h"), "elsewhere", points, seconds, self.now)
        except AftercareError:
            assert points > available
            assert self.account.marks == before

    @precondition(lambda self: self.account.holds)
    @rule(pick=st.integers(0, 99), share=st.sampled_from([0, 40, 100]), spend=st.booleans())
    def a_hold_ends(self, pick: int, share: int, spend: bool) -> None:  # noqa: FBT001 - drawn
        hold = sorted(self.account.holds)[pick % len(self.account.holds)]
        if spend:
            points = self.account.reservations[hold].points * share // 100
            commit(self.account, hold, points, self.now)
        else:
            cancel(self.account, hold, self.now)

    @precondition(lambda self: self.left)
    @rule(pick=st.integers(0, 99), what=st.sampled_from([deliver, open_return, close_return]))
    def word_of_an_order_comes(self, pick: int, what: object) -> None:
        order_id = self.order(pick)
        if what is deliver:
            deliver(self.account, self.program, order_id, self.now, self.now)
        elif what is open_return:
            open_return(self.account, self.program, order_id, "announced", self.now)
        else:
            close_return(self.account, self.program, order_id, "announced", self.now)

    @precondition(lambda self: self.left)
    @rule(pick=st.integers(0, 99), percent=st.sampled_from([7, 50, 100]), every_line=st.booleans())
    def goods_come_back(self, pick: int, percent: int, every_line: bool) -> None:  # noqa: FBT001 - drawn
        order_id = self.order(pick)
        left = self.left[order_id]
        amounts = [
            part * percent // 100 if every_line or place == 0 else 0 for place, part in enumerate(left)
        ]
        lines = tuple(ReturnedLine(str(place), 1, part) for place, part in enumerate(amounts, start=1))
        process_return(
            self.account, self.program, order_id, Returned(self.name("r"), CURRENCY, lines), self.now
        )
        self.left[order_id] = left = [part - gone for part, gone in zip(left, amounts, strict=True)]
        order = self.account.orders[order_id]
        assert order.earning is not None
        assert 0 <= order.clawed <= order.earning.points
        if not any(left):
            assert order.clawed == order.earning.points
            assert order.restored == sum(line.tender_points for line in order.earning.lines)
            assert order.refunded == sum(line.net for line in order.earning.lines)

    @invariant()
    def the_books_are_straight(self) -> None:
        if not hasattr(self, "account"):
            return
        mine = self.account
        buckets = mine.buckets
        lots = mine.lots.values()
        active = [lot for lot in lots if lot.state is LotState.ACTIVE]
        assert all(sum(delta for _, delta in entry.postings) == 0 for entry in mine.entries)
        assert sums(mine.entries) == buckets
        assert all(
            buckets[bucket] >= 0 for bucket in (Bucket.PENDING, Bucket.AVAILABLE, Bucket.HELD, Bucket.EXPIRED)
        )
        assert not (buckets[Bucket.AVAILABLE] and mine.deficit)
        assert mine.deficit >= 0
        assert all(0 <= lot.held <= lot.remaining <= lot.points + 10**6 for lot in lots)
        assert all(lot.remaining == 0 for lot in lots if lot.state > LotState.ACTIVE)
        assert sum(lot.remaining for lot in active) == buckets[Bucket.AVAILABLE] + buckets[Bucket.HELD]
        assert sum(lot.held for lot in active) == buckets[Bucket.HELD]
        pending = [lot for lot in lots if lot.state is LotState.PENDING]
        assert sum(lot.remaining for lot in pending) == buckets[Bucket.PENDING]
        assert sum(mine.expiring.values()) == sum(lot.free for lot in active if lot.expires_at)
        assert all(points > 0 for points in mine.expiring.values())

    @invariant()
    def nothing_due_is_left(self) -> None:
        if hasattr(self, "account"):
            assert all(
                lot.due_at > self.now for lot in self.account.lots.values() if lot.state is LotState.PENDING
            )
            due = self.account.next_due_at
            activations = [
                lot.due_at
                for lot in self.account.lots.values()
                if lot.state is LotState.PENDING and lot.activates_at
            ]
            assert due is None or due > self.now or not activations or due <= min(activations)

    def teardown(self) -> None:
        if hasattr(self, "account"):
            assert verify_chain(self.account.entries).ok
            keys = [entry.natural_key for entry in self.account.entries if entry.natural_key]
            assert len(set(keys)) == len(keys)


TestAccountMachine = AccountMachine.TestCase
TestAccountMachine.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
