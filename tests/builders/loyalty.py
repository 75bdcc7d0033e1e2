"""Programmes, accounts and lots for the loyalty suites, with short words for what the cases say."""

from datetime import UTC, date, datetime

from services.loyalty.domain.account import Account, open_account
from services.loyalty.domain.basket_points import EarnRule, FixedBonus, Rounding
from services.loyalty.domain.expiry import end_of_day
from services.loyalty.domain.ledger import Bucket, EntryKind, Source, SourceType
from services.loyalty.domain.lots import Lot, LotState
from services.loyalty.domain.orders import Basket, BasketLine, Returned, ReturnedLine
from services.loyalty.domain.program import ClawbackPolicy, Program
from services.loyalty.domain.rules.earning import earn, order_lot_id
from services.loyalty.domain.rules.spending import commit, reserve

CURRENCY = "EUR"


def at(text: str) -> datetime:
    """An instant: `2026-06-01` is midnight UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def program(
    *,
    rate: tuple[int, int] = (1, 100),
    rounding: Rounding = Rounding.FLOOR,
    bonuses: tuple[FixedBonus, ...] = (),
    policy: ClawbackPolicy = ClawbackPolicy.ALLOW_NEGATIVE,
    zone: str = "UTC",
    window: int = 0,
    months: int = 12,
    grace: int = 30,
) -> Program:
    """A programme in euro where 100 points are worth 1.00."""
    return Program(
        tenant_id="shop",
        program_id="club",
        display_name="Club",
        timezone=zone,
        currency=CURRENCY,
        earn=EarnRule(*rate, rounding, bonuses),
        clawback_policy=policy,
        return_window_days=window,
        expiry_months=months,
        points_per_major_unit=100,
        restore_grace_days=grace,
    )


def account(now: datetime) -> Account:
    """An empty account."""
    return open_account("shop", "club", "acc", "customer", now)


def give(
    account: Account, name: str, points: int, *, earned: str = "2026-01-01", valid_through: str | None = None
) -> Lot:
    """A lot that is active; `valid_through` is its last day (UTC), None = never expires."""
    expiry = end_of_day(date.fromisoformat(valid_through), program().zone) if valid_through else None
    lot = Lot(
        lot_id=name,
        sequence=account.sequence + 1,
        state=LotState.ACTIVE,
        points=points,
        remaining=points,
        held=0,
        earned_at=at(earned),
        source=Source(SourceType.IMPORT, name),
        order_id="",
        activates_at=at(earned),
        expires_at=expiry.expires_at if expiry else None,
        last_valid_date=expiry.last_valid_date if expiry else None,
    )
    account.add_lot(lot)
    account.post(
        EntryKind.EARN_ACTIVE,
        points,
        ((Bucket.ISSUED, -points), (Bucket.AVAILABLE, points)),
        lot.source,
        now=at(earned),
    )
    return lot


def basket(
    order_id: str, *nets: int, tender: tuple[int, ...] = (), placed: str, delivered: str = ""
) -> Basket:
    """Lines `1`, `2`, … worth `nets` in cents; `tender` are the points that paid for a part of each."""
    lines = tuple(
        BasketLine(str(number), 1, net, tender[number - 1] if tender else 0)
        for number, net in enumerate(nets, start=1)
    )
    return Basket(order_id, CURRENCY, lines, at(placed), at(delivered) if delivered else None)


def earned_order(account: Account, terms: Program, order_id: str, *nets: int, day: str) -> Lot:
    """An order that was paid and delivered on that day; with a window of 0 its points are active."""
    earn(account, terms, basket(order_id, *nets, placed=day, delivered=day), at(day))
    return account.lots[order_lot_id(order_id)]


def spend(account: Account, points: int, now: datetime, order_id: str = "paid-with-points") -> None:
    """Reserve and commit at once."""
    name = f"hold-{account.sequence}"
    reserve(account, name, order_id, points, 0, now)
    commit(account, name, 0, now)


def returned(return_id: str, **lines: int) -> Returned:
    """What came back: `line_1=999` is 9.99 of line 1."""
    return Returned(
        return_id,
        CURRENCY,
        tuple(ReturnedLine(name.removeprefix("line_"), 1, amount) for name, amount in lines.items()),
    )
