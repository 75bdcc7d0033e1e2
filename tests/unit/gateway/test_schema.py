import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel, ValidationError

from aftercare.loyalty.v1 import points_service_pb2, program_service_pb2, resources_pb2
from aftercare.refunds.v1 import refund_service_pb2
from aftercare.returns.v1 import resources_pb2 as returns_pb2
from aftercare.returns.v1 import returns_service_pb2, warehouse_service_pb2
from services.gateway.entrypoints.http.schema import answer_model, parameter_model, request_model

if TYPE_CHECKING:
    from google.protobuf.descriptor import Descriptor


def model_of(message: Any, *without: str) -> type[BaseModel]:
    descriptor: Descriptor = message.DESCRIPTOR
    return request_model(descriptor, without)


MONEY = {"minor": 100, "currency": "EUR"}
BASKET = {
    "order_id": "o",
    "lines": [{"line_id": "l", "quantity": 1, "net": MONEY}],
    "place_time": "2026-01-31T12:00:00Z",
}
EARN = model_of(points_service_pb2.EarnPointsRequest, "account_id")
ADJUST = model_of(points_service_pb2.AdjustPointsRequest, "account_id")
REFUND = model_of(refund_service_pb2.CreateRefundRequest)
INSPECT = model_of(warehouse_service_pb2.RecordInspectionRequest, "return_id")


def errors(model: type[BaseModel], body: Any) -> list[str]:
    """Where a body is wrong, as dotted paths; empty when it is right."""
    try:
        model.model_validate_json(json.dumps(body))
    except ValidationError as error:
        return [".".join(map(str, one["loc"])) for one in error.errors()]
    return []


def required(model: type[BaseModel]) -> set[str]:
    return {name for name, field in model.model_fields.items() if field.is_required()}


def test_a_right_body_is_right() -> None:
    assert not errors(EARN, {"basket": BASKET})


@pytest.mark.parametrize("points", [1, -1, 10**9, -(10**9)])
def test_bounds_include_their_ends(points: int) -> None:
    assert not errors(ADJUST, {"points": points})


@pytest.mark.parametrize("points", [10**9 + 1, -(10**9) - 1, 10**30, "2", 1.0, 1e3, True, None, [], {}])
def test_what_is_no_whole_number_in_bounds_is_refused(points: Any) -> None:
    assert errors(ADJUST, {"points": points}) == ["points"]


def test_a_number_that_must_not_be_zero_is_required() -> None:
    assert required(ADJUST) == {"points"}
    assert errors(ADJUST, {}) == ["points"]


def test_the_context_and_the_paths_fields_are_nobodys_to_send() -> None:
    for name in ("ctx", "account_id"):
        assert errors(ADJUST, {"points": 1, name: "x"}) == [name]


def test_an_unknown_field_is_refused_at_any_depth() -> None:
    assert errors(EARN, {"basket": BASKET, "x": 1}) == ["x"]
    assert errors(EARN, {"basket": BASKET | {"x": 1}}) == ["basket.x"]
    line = {"line_id": "l", "quantity": 1, "net": MONEY | {"x": 1}}
    assert errors(EARN, {"basket": BASKET | {"lines": [line]}}) == ["basket.lines.0.net.x"]


def test_null_stands_for_left_out_where_a_field_is_optional() -> None:
    assert not errors(EARN, {"basket": BASKET | {"deliver_time": None}})
    assert not errors(REFUND, {"order_id": "o", "amount": MONEY, "return_id": None})
    assert errors(EARN, {"basket": None}) == ["basket"]
    assert errors(EARN, {"basket": BASKET | {"lines": None}}) == ["basket.lines"]


def test_an_amount_that_was_forgotten_is_not_zero() -> None:
    assert errors(REFUND, {"order_id": "o", "amount": {"currency": "EUR"}}) == ["amount.minor"]


@pytest.mark.parametrize("currency", ["eur", "EU", "EURO", "EUR\n", "", "\u0415UR"])
def test_a_pattern_holds_from_end_to_end(currency: str) -> None:
    assert errors(REFUND, {"order_id": "o", "amount": {"minor": 1, "currency": currency}}) == [
        "amount.currency"
    ]


def test_lists_have_bounds() -> None:
    line = BASKET["lines"][0]
    assert errors(EARN, {"basket": BASKET | {"lines": []}}) == ["basket.lines"]
    assert not errors(EARN, {"basket": BASKET | {"lines": [line] * 500}})
    assert errors(EARN, {"basket": BASKET | {"lines": [line] * 501}}) == ["basket.lines"]


def test_texts_have_bounds_in_characters() -> None:
    assert not errors(REFUND, {"order_id": "ż" * 64, "amount": MONEY})
    assert errors(REFUND, {"order_id": "ż" * 65, "amount": MONEY}) == ["order_id"]
    assert errors(REFUND, {"order_id": "", "amount": MONEY}) == ["order_id"]


def test_an_enum_takes_the_short_names_that_are_allowed() -> None:
    def graded(decision: Any) -> list[str]:
        line = {"line_id": "l", "quantity": 1, "grade": "A", "disposition": "RESTOCK", "decision": decision}
        return errors(INSPECT, {"lines": [line]})

    assert not graded("ACCEPTED")
    for wrong in ("UNSPECIFIED", "PENDING", "DECISION_ACCEPTED", "accepted", 2, None):
        assert graded(wrong) == ["lines.0.decision"]


def test_an_enum_that_may_be_left_out_may_be_unspecified() -> None:
    model = model_of(returns_service_pb2.QuoteReturnRequest, "order_id")
    for line in ({}, {"reason": None}, {"reason": "UNSPECIFIED"}, {"reason": "DEFECTIVE"}):
        assert not errors(model, {"lines": [{"line_id": "l", "quantity": 1, **line}]})


@pytest.mark.parametrize(
    ("message", "names"),
    [
        (program_service_pb2.CreateProgramRequest, {"program"}),
        (returns_pb2.Order, {"order_id", "customer_id", "lines", "tenders", "place_time"}),
        (returns_pb2.Tender, {"kind", "amount"}),
        (points_service_pb2.CommitReservationRequest, {"account_id", "reservation_id"}),
        (points_service_pb2.ReservePointsRequest, {"account_id", "points", "order_id"}),
        (
            resources_pb2.Program,
            {
                "program_id",
                "display_name",
                "timezone",
                "currency",
                "earn_rate",
                "points_per_major_unit",
            },
        ),
    ],
)
def test_what_cannot_be_empty_is_required(message: Any, names: set[str]) -> None:
    assert required(model_of(message)) == names


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-31T12:00:00Z",
        "2026-01-31t12:00:00.123456789z",
        "2026-01-31T12:00:00+05:30",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
    ],
)
def test_a_time_with_its_zone_is_right(time: str) -> None:
    assert not errors(EARN, {"basket": BASKET | {"place_time": time}})


@pytest.mark.parametrize(
    "time",
    [
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-02-30T12:00:00Z",
        "2026-01-31 12:00:00Z",
        "1700000000",
        "9999-12-31T23:59:59-23:00",
        "0001-01-01T00:00:00+23:00",
        "٢٠٢٦-01-31T12:00:00Z",
        1700000000,
        True,
    ],
)
def test_any_other_time_is_refused(time: Any) -> None:
    assert errors(EARN, {"basket": BASKET | {"place_time": time}}) == ["basket.place_time"]


def test_an_answer_says_what_headers_do_not() -> None:
    names = set(answer_model(points_service_pb2.PointsChange.DESCRIPTOR).model_fields)
    assert names == {"entries", "balance"}
    pages = set(answer_model(refund_service_pb2.ListRefundsResponse.DESCRIPTOR).model_fields)
    assert pages == {"refunds", "next_cursor"}


def test_parameters_have_the_names_and_bounds_that_callers_see() -> None:
    descriptor: Descriptor = refund_service_pb2.ListRefundsRequest.DESCRIPTOR
    model = parameter_model(descriptor, ("order_id", "page_size", "page_token"), "Parameters")

    assert set(model.model_fields) == {"order_id", "limit", "cursor"}
    assert model.model_validate({"limit": 100, "cursor": "aA0_-"})
    for wrong in ({"limit": 0}, {"limit": 101}, {"limit": "5"}, {"cursor": "é"}, {"order_id": "x" * 65}):
        with pytest.raises(ValidationError):
            model.model_validate(wrong)
