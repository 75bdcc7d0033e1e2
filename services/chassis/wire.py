"""Values between protobuf and the kernel. No grpc here: event handlers in `work` use it too.

`to_*` reads a message into the kernel's value, `from_*` makes a message. A field that is not set reads as
an empty message, so "not set" is told by an empty currency or by the epoch itself.
"""

from datetime import UTC, datetime, timedelta
from typing import overload

from google.protobuf import timestamp_pb2

from aftercare.common.v1 import money_pb2
from services.chassis.kernel.money import Money

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_money(message: money_pb2.Money) -> Money:
    """A money that must be there. Raises ValueError when it is not set (validation lets none through)."""
    if not message.currency:
        raise ValueError("the money is not set; use to_money_or_none for an optional field")
    return Money(message.minor, message.currency)


def to_money_or_none(message: money_pb2.Money) -> Money | None:
    """An optional money."""
    return Money(message.minor, message.currency) if message.currency else None


@overload
def from_money(money: Money) -> money_pb2.Money: ...
@overload
def from_money(money: Money | None) -> money_pb2.Money | None: ...
def from_money(money: Money | None) -> money_pb2.Money | None:
    """The message of a money; None stays None, which a message constructor takes as "not set"."""
    return money_pb2.Money(minor=money.minor, currency=money.currency) if money else None


def to_datetime(message: timestamp_pb2.Timestamp) -> datetime:
    """A time that must be there: aware, UTC, cut to whole milliseconds. Raises ValueError when not set."""
    instant = to_datetime_or_none(message)
    if instant is None:
        raise ValueError("the time is not set; use to_datetime_or_none for an optional field")
    return instant


def to_datetime_or_none(message: timestamp_pb2.Timestamp) -> datetime | None:
    """An optional time."""
    if not (message.seconds or message.nanos):
        return None
    # Whole milliseconds, as the clock and MongoDB keep them; integer arithmetic, so nothing is rounded.
    return _EPOCH + timedelta(seconds=message.seconds, milliseconds=message.nanos // 1_000_000)


@overload
def from_datetime(instant: datetime) -> timestamp_pb2.Timestamp: ...
@overload
def from_datetime(instant: datetime | None) -> timestamp_pb2.Timestamp | None: ...
def from_datetime(instant: datetime | None) -> timestamp_pb2.Timestamp | None:
    """The message of an aware time; None stays None."""
    if instant is None:
        return None
    since = instant - _EPOCH  # raises TypeError for a naive time, as it should
    return timestamp_pb2.Timestamp(
        seconds=since.days * 86_400 + since.seconds, nanos=since.microseconds * 1000
    )
