"""Domain events as the payloads of loyalty_events.proto."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from aftercare.common.v1 import money_pb2
from aftercare.loyalty.v1 import loyalty_events_pb2 as pb
from aftercare.loyalty.v1 import resources_pb2
from services.chassis.kernel.events import DomainEvent
from services.chassis.wire import from_datetime
from services.loyalty.domain.events import AccountCreated, BalanceNegative, PointsMoved, ReturnProcessed
from services.loyalty.domain.ledger import EntryKind, SourceType

KINDS = {kind: resources_pb2.LedgerEntry.Kind.Value(f"KIND_{kind}") for kind in EntryKind}
SOURCE_TYPES = {kind: resources_pb2.Source.Type.Value(f"TYPE_{kind}") for kind in SourceType}


def payload_of(event: DomainEvent) -> Message:
    """The payload to send. Raises KeyError for an event without one."""
    return _MAKERS[event.type](event.data)


def _moved(data: PointsMoved) -> pb.PointsMoved:
    entry = data.entry
    return pb.PointsMoved(
        account_id=entry.account_id,
        account_sequence=entry.sequence,
        entry_id=entry.entry_id,
        kind=KINDS[entry.kind],
        points=entry.points,
        source=resources_pb2.Source(type=SOURCE_TYPES[entry.source.type], id=entry.source.id),
        available=data.available,
        pending=data.pending,
        deficit=data.deficit,
    )


def _return_processed(data: ReturnProcessed) -> Message:
    return pb.PointsReturnProcessed(
        account_id=data.account_id,
        order_id=data.order_id,
        return_id=data.return_id,
        clawed=data.clawed,
        restored=data.restored,
        recover_from_refund=money_pb2.Money(minor=data.recover_from_refund, currency=data.currency),
        process_time=from_datetime(data.processed_at),
    )


def _account_created(data: AccountCreated) -> Message:
    return pb.AccountCreated(
        account_id=data.account_id, program_id=data.program_id, customer_id=data.customer_id
    )


def _balance_negative(data: BalanceNegative) -> Message:
    return pb.BalanceNegative(account_id=data.account_id, deficit=data.deficit)


_MAKERS: dict[str, Callable[[Any], Message]] = {
    "account.created": _account_created,
    "points.earned": lambda data: pb.PointsEarned(moved=_moved(data), order_id=data.order_id),
    "points.activated": lambda data: pb.PointsActivated(moved=_moved(data)),
    "points.reserved": lambda data: pb.PointsReserved(moved=_moved(data), reservation_id=data.reservation_id),
    "points.redeemed": lambda data: pb.PointsRedeemed(
        moved=_moved(data), reservation_id=data.reservation_id, order_id=data.order_id
    ),
    "points.released": lambda data: pb.PointsReleased(moved=_moved(data), reservation_id=data.reservation_id),
    "points.expired": lambda data: pb.PointsExpired(moved=_moved(data)),
    "points.adjusted": lambda data: pb.PointsAdjusted(moved=_moved(data), reason_code=data.entry.reason_code),
    "points.clawed_back": lambda data: pb.PointsClawedBack(moved=_moved(data), return_id=data.return_id),
    "points.restored": lambda data: pb.PointsRestoredEvent(moved=_moved(data), return_id=data.return_id),
    "points.return_processed": _return_processed,
    "balance.negative": _balance_negative,
}
