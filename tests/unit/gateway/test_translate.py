import json
from datetime import UTC, datetime

import pytest

from aftercare.common.v1 import event_pb2
from aftercare.loyalty.v1 import account_service_pb2, points_service_pb2, resources_pb2
from aftercare.returns.v1 import pickup_service_pb2
from aftercare.returns.v1 import resources_pb2 as returns_pb2
from services.gateway.entrypoints.translate import fill, short_names, to_json


def test_an_enum_has_its_short_name() -> None:
    assert short_names(resources_pb2.LedgerEntry.Kind.DESCRIPTOR)[8] == "CLAWBACK"
    assert short_names(resources_pb2.Program.ClawbackPolicy.DESCRIPTOR)[1] == "ALLOW_NEGATIVE"
    assert short_names(returns_pb2.ReturnCase.SettlementState.DESCRIPTOR)[5] == "SETTLED"
    assert short_names(returns_pb2.Reason.DESCRIPTOR)[9] == "DEFECTIVE"


def test_an_enum_value_newer_than_us_is_unspecified() -> None:
    account = resources_pb2.Account()
    account.state = 99  # type: ignore[assignment] # as it comes from a newer service
    assert to_json(account)["state"] == "UNSPECIFIED"


def test_whole_numbers_stay_numbers_to_the_last_bit() -> None:
    for number in (2**63 - 1, -(2**63), 0):
        assert json.loads(json.dumps(to_json(resources_pb2.Posting(delta=number))))["delta"] == number


def test_scalars_are_always_there_and_unset_messages_never() -> None:
    assert to_json(resources_pb2.Balance()) == {
        "pending": 0,
        "available": 0,
        "held": 0,
        "deficit": 0,
        "displayed": 0,
        "lifetime_earned": 0,
        "lifetime_redeemed": 0,
        "lifetime_expired": 0,
        "expiring": [],
        "version": 0,
    }


def test_a_set_message_is_there_though_empty() -> None:
    change = points_service_pb2.PointsChange()
    change.balance.SetInParent()
    assert to_json(change)["balance"]["available"] == 0
    filled = fill(points_service_pb2.ReservationChange(), {"balance": {}})
    assert filled.HasField("balance")


@pytest.mark.parametrize(
    ("seconds", "nanos", "text"),
    [
        (0, 0, "1970-01-01T00:00:00.000Z"),
        (1769860800, 250_999_999, "2026-01-31T12:00:00.250Z"),
        (-1, 999_000_000, "1969-12-31T23:59:59.999Z"),
        (253402300799, 0, "9999-12-31T23:59:59.000Z"),
    ],
)
def test_a_time_is_rfc_3339_in_whole_milliseconds(seconds: int, nanos: int, text: str) -> None:
    message = resources_pb2.Account()
    message.create_time.seconds, message.create_time.nanos = seconds, nanos
    assert to_json(message)["create_time"] == text


def test_bytes_are_base64_both_ways() -> None:
    label = pickup_service_pb2.Label(format=pickup_service_pb2.Label.FORMAT_ZPL, content=b"\x00\xff^XA")

    assert to_json(label) == {"format": "ZPL", "content": "AP9eWEE="}
    assert fill(pickup_service_pb2.Label(), to_json(label)) == label


def test_a_nested_repeated_message_comes_back_as_it_went() -> None:
    case = returns_pb2.ReturnCase(return_id="ret_1", state=returns_pb2.ReturnCase.STATE_IN_TRANSIT, version=3)
    line = case.lines.add(line_id="A", reason=returns_pb2.REASON_DEFECTIVE)
    for index in range(2):
        unit = line.units.add(unit_index=index, decision=returns_pb2.ReturnUnit.DECISION_ACCEPTED)
        unit.paid.minor, unit.paid.currency = -5, "PLN"
    case.quoted.cash.minor = 7

    sent = to_json(case)

    assert sent["lines"][0]["units"][1]["paid"] == {"minor": -5, "currency": "PLN"}
    assert fill(returns_pb2.ReturnCase(), sent) == case


def test_filling_leaves_out_what_is_null() -> None:
    request = fill(points_service_pb2.EarnPointsRequest(), {"account_id": "a", "basket": None})
    assert not request.HasField("basket")


def test_a_time_is_filled_in_utc() -> None:
    request = points_service_pb2.ActivatePointsRequest()
    fill(request, {"deliver_time": datetime(2026, 1, 31, 12, tzinfo=UTC)})
    assert request.deliver_time.seconds == 1769860800


def test_every_scalar_list_is_a_list_of_values() -> None:
    message = account_service_pb2.ListLedgerEntriesResponse()
    assert to_json(message) == {"entries": [], "next_page_token": ""}
    assert to_json(event_pb2.EventEnvelope(payload=b"x"))["payload"] == "eA=="
