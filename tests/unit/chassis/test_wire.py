from datetime import UTC, datetime, timedelta, timezone

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from aftercare.common.v1 import money_pb2
from services.chassis import wire
from services.chassis.kernel.money import Money


@pytest.mark.parametrize("money", [Money(1234, "EUR"), Money(0, "JPY"), Money(-(10**12), "PLN")])
def test_money_survives_the_wire(money: Money) -> None:
    assert wire.to_money(wire.from_money(money)) == money
    assert wire.to_money_or_none(wire.from_money(money)) == money


def test_zero_money_is_not_taken_for_unset() -> None:
    message = wire.from_money(Money(0, "EUR"))
    assert message is not None
    assert message.currency == "EUR"


def test_unset_money_is_none_or_an_error_where_it_is_needed() -> None:
    assert wire.to_money_or_none(money_pb2.Money()) is None
    assert wire.from_money(None) is None
    with pytest.raises(ValueError, match="not set"):
        wire.to_money(money_pb2.Money())


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 29, 1, 59, 59, 999_000, UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1_000, UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_000, UTC),
    ],
)
def test_a_time_survives_the_wire(instant: datetime) -> None:
    assert wire.to_datetime(wire.from_datetime(instant)) == instant


def test_a_time_from_the_wire_is_utc_and_cut_to_milliseconds() -> None:
    read = wire.to_datetime(Timestamp(seconds=1, nanos=999_999_999))
    assert read == datetime(1970, 1, 1, 0, 0, 1, 999_000, UTC)
    assert read.tzinfo is UTC


def test_a_time_in_another_zone_is_the_same_instant_on_the_wire() -> None:
    warsaw = datetime(2026, 7, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    assert wire.from_datetime(warsaw) == wire.from_datetime(datetime(2026, 7, 1, 10, 0, tzinfo=UTC))


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(TypeError):
        wire.from_datetime(datetime(2026, 7, 1))  # noqa: DTZ001 - the mistake that is tested


def test_an_unset_time_is_none_or_an_error_where_it_is_needed() -> None:
    assert wire.to_datetime_or_none(Timestamp()) is None
    assert wire.from_datetime(None) is None
    with pytest.raises(ValueError, match="not set"):
        wire.to_datetime(Timestamp())
