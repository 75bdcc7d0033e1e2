"""From answers to messages. On the hot path, so plain constructors and nothing twice."""

from collections.abc import Iterable
from datetime import datetime

from google.protobuf import timestamp_pb2

from aftercare.common.v1 import money_pb2
from aftercare.loyalty.v1 import points_service_pb2 as points_pb
from aftercare.loyalty.v1 import resources_pb2 as pb
from services.chassis.kernel.unit_of_work import Answer
from services.chassis.wire import from_datetime
from services.loyalty.application.answers import (
    AccountView,
    PointsChange,
    ReservationChange,
    ReservationView,
)
from services.loyalty.application.use_cases.batch_import import ImportReport
from services.loyalty.domain.account import AccountState
from services.loyalty.domain.basket_points import BasketPoints
from services.loyalty.domain.ledger import Balance, Entry, EntryKind, SourceType, milliseconds
from services.loyalty.domain.orders import Basket
from services.loyalty.domain.program import Program
from services.loyalty.domain.reservations import ReservationState
from services.loyalty.domain.rules.returning import ReturnOutcome
from services.loyalty.entrypoints.grpc.mapping import POLICY_NUMBERS, ROUNDING_NUMBERS

_KINDS = {each: pb.LedgerEntry.Kind.Value(f"KIND_{each}") for each in EntryKind}
_SOURCES = {each: pb.Source.Type.Value(f"TYPE_{each}") for each in SourceType}
_ACCOUNT_STATES = {each: pb.Account.State.Value(f"STATE_{each}") for each in AccountState}
_RESERVATION_STATES = {each: pb.Reservation.State.Value(f"STATE_{each}") for each in ReservationState}


def balance(value: Balance) -> pb.Balance:
    """A balance."""
    message = pb.Balance()
    fill_balance(message, value)
    return message


def fill_balance(message: pb.Balance, value: Balance) -> None:
    """Write a balance into an empty message."""
    message.pending = value.pending
    message.available = value.available
    message.held = value.held
    message.deficit = value.deficit
    message.displayed = value.available - value.deficit
    message.lifetime_earned = value.lifetime_earned
    message.lifetime_redeemed = value.lifetime_redeemed
    message.lifetime_expired = value.lifetime_expired
    for points, expires_at in value.expiring:
        _fill_time(message.expiring.add(points=points).expire_time, expires_at)
    _fill_time(message.as_of_time, value.as_of)
    message.version = value.version


def entry(value: Entry) -> pb.LedgerEntry:
    """A ledger entry."""
    message = pb.LedgerEntry()
    fill_entry(message, value)
    return message


def fill_entry(message: pb.LedgerEntry, value: Entry) -> None:
    """Write an entry into an empty message: field by field is cheaper than making parts and copying them."""
    message.entry_id = value.entry_id
    message.account_id = value.account_id
    message.sequence = value.sequence
    message.kind = _KINDS[value.kind]
    message.points = value.points
    for bucket, delta in value.postings:
        message.postings.add(bucket=bucket, delta=delta)
    for lot_id, points in value.allocations:
        message.lot_allocations.add(lot_id=lot_id, points=points)
    message.source.type = _SOURCES[value.source.type]
    message.source.id = value.source.id
    message.reason_code = value.reason_code
    _fill_time(message.effective_time, value.effective_at)
    _fill_time(message.record_time, value.recorded_at)
    message.prev_hash = value.prev_hash
    message.hash = value.hash


def _fill_time(message: timestamp_pb2.Timestamp, instant: datetime) -> None:
    since = milliseconds(instant)
    message.seconds, message.nanos = since // 1000, since % 1000 * 1_000_000


def entries(values: Iterable[Entry]) -> list[pb.LedgerEntry]:
    """Ledger entries."""
    return [entry(value) for value in values]


def points_change(answer: Answer[PointsChange]) -> points_pb.PointsChange:
    """What a write did."""
    message = points_pb.PointsChange(replayed=answer.replayed)
    for each in answer.value.entries:
        fill_entry(message.entries.add(), each)
    fill_balance(message.balance, answer.value.balance)
    return message


def account(value: AccountView) -> pb.Account:
    """An account."""
    return pb.Account(
        account_id=value.account_id,
        program_id=value.program_id,
        customer_id=value.customer_id,
        state=_ACCOUNT_STATES[value.state],
        create_time=from_datetime(value.created_at),
        version=value.version,
    )


def reservation(value: ReservationView) -> pb.Reservation:
    """A reservation."""
    return pb.Reservation(
        reservation_id=value.reservation_id,
        account_id=value.account_id,
        order_id=value.order_id,
        points=value.points,
        committed_points=value.committed_points,
        state=_RESERVATION_STATES[value.state],
        expire_time=from_datetime(value.expires_at),
    )


def reservation_change(answer: Answer[ReservationChange]) -> points_pb.ReservationChange:
    """What a reservation RPC did."""
    return points_pb.ReservationChange(
        reservation=reservation(answer.value.reservation),
        entries=entries(answer.value.entries),
        balance=balance(answer.value.balance),
        replayed=answer.replayed,
    )


def return_outcome(value: ReturnOutcome, *, replayed: bool = False) -> points_pb.ReturnOutcome:
    """What a return did, or would do."""
    clawed = value.clawed
    return points_pb.ReturnOutcome(
        points_clawed=points_pb.PointsClawed(
            from_pending=clawed.from_pending,
            from_order_lots=clawed.from_order_lots,
            from_other_lots=clawed.from_other_lots,
            deficit=clawed.deficit,
            written_off=clawed.written_off,
            unrecovered=clawed.unrecovered,
        ),
        points_restored=[
            points_pb.PointsRestored(
                lot_id=each.lot_id, points=each.points, expire_time=from_datetime(each.expires_at)
            )
            for each in value.restored
        ],
        cash_refund=money_pb2.Money(minor=value.cash_refund, currency=value.currency),
        recover_from_refund=money_pb2.Money(minor=value.recover_from_refund, currency=value.currency),
        entries=entries(value.entries),
        balance=balance(value.balance),
        replayed=replayed,
    )


def forecast(basket: Basket, value: BasketPoints) -> points_pb.EarningForecast:
    """What a basket earns."""
    return points_pb.EarningForecast(
        amount=value.total,
        breakdown=[
            points_pb.LinePoints(line_id=line.line_id, points=points)
            for line, points in zip(basket.lines, value.lines, strict=True)
        ],
    )


def import_report(report: ImportReport) -> points_pb.BatchImportResponse:
    """What an import did."""
    return points_pb.BatchImportResponse(
        rows=report.rows,
        earned_orders=report.earned_orders,
        duplicate_orders=report.duplicate_orders,
        points=report.points,
        opened_accounts=report.opened_accounts,
        errors=[
            points_pb.BatchImportError(row=each.row, reason=each.reason, message=each.message)
            for each in report.errors
        ],
        error_count=report.error_count,
    )


def program(value: Program) -> pb.Program:
    """A programme."""
    return pb.Program(
        program_id=value.program_id,
        display_name=value.display_name,
        timezone=value.timezone,
        currency=value.currency,
        earn_rate=pb.Fraction(num=value.earn.rate_num, den=value.earn.rate_den),
        rounding=ROUNDING_NUMBERS[value.earn.rounding],
        clawback_policy=POLICY_NUMBERS[value.clawback_policy],
        return_window_days=value.return_window_days,
        expiry_months=value.expiry_months,
        points_per_major_unit=value.points_per_major_unit,
        restore_grace_days=value.restore_grace_days,
        version=value.version,
    )
