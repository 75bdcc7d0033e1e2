"""Our books against the provider's, refund by refund: the rules of refunds.md section 4, pure.

Totals are summed from the raw rows of both sides; differences are found by matching. `unexplained` is what
is left between the two computations, so a fault in the matching shows up as a figure that is not 0.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.chassis.kernel.money import Money
from services.refunds.domain.provider import ProviderMovement

GRACE = timedelta(hours=72)  # younger than this and unmatched is in transit, older is missing


class BreakKind(StrEnum):
    """What differs."""

    MISSING_IN_PSP = "MISSING_IN_PSP"
    MISSING_IN_LEDGER = "MISSING_IN_LEDGER"
    AMOUNT_MISMATCH = "AMOUNT_MISMATCH"
    STATE_MISMATCH = "STATE_MISMATCH"
    TIMING = "TIMING"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What one journal entry took out of the provider's account; negative = it came back."""

    leg_id: str
    amount: Money
    at: datetime


@dataclass(frozen=True, slots=True)
class KnownLeg:
    """A leg of ours that either side speaks of.

    `in_flight`: the provider books some refunds before they succeed, we book them when they do.
    """

    leg_id: str
    provider_refund_id: str
    succeeded: bool
    in_flight: bool = False


@dataclass(frozen=True, slots=True)
class Break:
    """A difference that a person must explain: ledger minus provider, signed."""

    kind: BreakKind
    leg_id: str
    provider_refund_id: str
    difference: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """One currency. `breaks` holds real differences; `in_transit` those that time will clear.

    ledger_total - psp_total = sum of breaks + timing + unexplained.
    """

    currency: str
    ledger_total: Money
    psp_total: Money
    matched: int
    timing: Money
    unexplained: Money
    fees: Money
    breaks: tuple[Break, ...] = ()
    in_transit: tuple[Break, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """From inclusive, to exclusive; `as_of` is when we look."""

    from_at: datetime
    to_at: datetime
    as_of: datetime

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies inside."""
        return self.from_at <= at < self.to_at

    @property
    def scan_from(self) -> datetime:
        """Rows are read from here, to see what the other side booked just before the period."""
        return self.from_at - GRACE

    @property
    def scan_to(self) -> datetime:
        """And up to here."""
        return self.to_at + GRACE


@dataclass(frozen=True, slots=True)
class Books:
    """Both sides, read from `scan_from` to `scan_to`, and the legs they speak of.

    `leg_of` names the leg of a provider refund that R2 found through its metadata; R1 needs none.
    """

    ledger: Sequence[LedgerRow]
    movements: Sequence[ProviderMovement]
    legs: Sequence[KnownLeg]
    leg_of: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Pair:
    """Both sides of one refund in one currency."""

    leg: KnownLeg | None
    provider_refund_id: str
    ledger: list[LedgerRow] = field(default_factory=list)
    movements: list[ProviderMovement] = field(default_factory=list)


def reconcile(books: Books, period: Period) -> list[Statement]:
    """One statement for each currency that moved in the period, by currency."""
    pairs = _pair(books)
    currencies = {row.amount.currency for row in books.ledger if period.holds(row.at)}
    currencies |= {move.amount.currency for move in books.movements if period.holds(move.at)}
    return [_statement(currency, books, pairs, period) for currency in sorted(currencies)]


def _pair(books: Books) -> dict[tuple[str, str], _Pair]:
    """R1 then R2: movements find their leg by the refund's id, else by the id in its metadata."""
    by_id = {leg.leg_id: leg for leg in books.legs}
    by_refund = {leg.provider_refund_id: leg for leg in books.legs if leg.provider_refund_id}
    pairs: dict[tuple[str, str], _Pair] = {}
    for row in books.ledger:
        leg = by_id.get(row.leg_id) or KnownLeg(row.leg_id, "", succeeded=True)
        pair = pairs.setdefault((leg.leg_id, row.amount.currency), _Pair(leg, leg.provider_refund_id))
        pair.ledger.append(row)
    for move in books.movements:
        found = by_refund.get(move.refund_id) or by_id.get(books.leg_of.get(move.refund_id, ""))
        key = found.leg_id if found else move.refund_id
        pair = pairs.setdefault((key, move.amount.currency), _Pair(found, move.refund_id))
        pair.provider_refund_id = move.refund_id
        pair.movements.append(move)
    return pairs


def _statement(
    currency: str, books: Books, pairs: Mapping[tuple[str, str], _Pair], period: Period
) -> Statement:
    ledger = _sum(row.amount.minor for row in books.ledger if _counts(row, currency, period))
    moves = [move for move in books.movements if _counts(move, currency, period)]
    psp = _sum(move.amount.minor for move in moves)
    found: dict[bool, list[Break]] = defaultdict(list)
    matched = 0
    for (_, of), pair in sorted(pairs.items()):
        if of != currency or not _touches(pair, period):
            continue
        difference = _judge(pair, currency, period)
        if difference is None:
            matched += 1
        else:
            found[difference.kind is BreakKind.TIMING].append(difference)
    timing = _sum(item.difference.minor for item in found[True])
    explained = _sum(item.difference.minor for item in found[False]) + timing
    fees = _sum(move.fee.minor for move in moves)
    return Statement(
        currency,
        Money(ledger, currency),
        Money(psp, currency),
        matched,
        Money(timing, currency),
        Money(ledger - psp - explained, currency),
        Money(fees, currency),
        tuple(found[False]),
        tuple(found[True]),
    )


def _judge(pair: _Pair, currency: str, period: Period) -> Break | None:
    """The difference of one refund in the period, with its kind; None when both sides agree."""
    here = _sum(row.amount.minor for row in pair.ledger if period.holds(row.at))
    there = _sum(move.amount.minor for move in pair.movements if period.holds(move.at))
    if here == there:
        return None
    leg_id = pair.leg.leg_id if pair.leg else ""
    kind = _kind(pair, period)
    return Break(kind, leg_id, pair.provider_refund_id, Money(here - there, currency))


def _kind(pair: _Pair, period: Period) -> BreakKind:
    ledger = _sum(row.amount.minor for row in pair.ledger)
    psp = _sum(move.amount.minor for move in pair.movements)
    if pair.leg is None:
        return BreakKind.MISSING_IN_LEDGER
    if ledger == psp:  # both booked it, not on the same side of the period's edge
        return BreakKind.TIMING
    if not pair.movements:
        young = period.as_of - max(row.at for row in pair.ledger) < GRACE
        return BreakKind.TIMING if young else BreakKind.MISSING_IN_PSP
    if pair.leg.succeeded and any(move.came_back for move in pair.movements):
        return BreakKind.STATE_MISMATCH
    if not pair.ledger:
        young = period.as_of - max(move.at for move in pair.movements) < GRACE
        return BreakKind.TIMING if young or pair.leg.in_flight else BreakKind.MISSING_IN_LEDGER
    return BreakKind.AMOUNT_MISMATCH


def _touches(pair: _Pair, period: Period) -> bool:
    rows = [row.at for row in pair.ledger] + [move.at for move in pair.movements]
    return any(period.holds(at) for at in rows)


def _counts(row: LedgerRow | ProviderMovement, currency: str, period: Period) -> bool:
    return row.amount.currency == currency and period.holds(row.at)


def _sum(values: Iterable[int]) -> int:
    return sum(values)
