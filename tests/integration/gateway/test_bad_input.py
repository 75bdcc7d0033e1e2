"""Whatever is sent, the answer is a problem that says where, never a 500."""

import json
from typing import Any

import pytest

from services.gateway.entrypoints.http.app import OPERATIONS
from services.gateway.entrypoints.http.bodies import MAX_BODY
from services.gateway.entrypoints.http.operations import Operation
from tests.integration.gateway import samples
from tests.integration.gateway.upstream import CannedUpstream
from tests.integration.gateway.world import Gateway, problem

BY_ID = {operation.operation_id: operation for operation in OPERATIONS}
ORDER, EARN, REFUND = BY_ID["ImportOrder"], BY_ID["EarnPoints"], BY_ID["CreateRefund"]
WITH_BODY = tuple(operation for operation in OPERATIONS if operation.verb == "POST")


def changed(operation: Operation, path: str, value: Any) -> bytes:
    """A right body with one place changed, by its JSON pointer."""
    sent = samples.body_of(operation)
    place: Any = sent
    *above, last = path.strip("/").split("/")
    for step in above:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place[last] = value
    return json.dumps(sent).encode()


@pytest.mark.parametrize(
    ("operation", "pointer", "value"),
    [
        (ORDER, "/lines/0/quantity", "2"),
        (ORDER, "/lines/0/quantity", 1.0),
        (ORDER, "/lines/0/quantity", True),
        (ORDER, "/lines/0/quantity", -1),
        (ORDER, "/lines/0/quantity", 0),
        (ORDER, "/lines/0/quantity", 2**31),
        (ORDER, "/lines/0/unit_price/minor", 10**12 + 1),
        (ORDER, "/lines/0/unit_price/minor", 10**400),
        (ORDER, "/lines/0/unit_price/currency", "eur"),
        (ORDER, "/lines/0/unit_price/currency", "EURO"),
        (ORDER, "/lines/0/unknown", 1),
        (ORDER, "/lines/0/unit_price/tax", 1),
        (ORDER, "/lines", {}),
        (ORDER, "/lines", []),
        (ORDER, "/lines", None),
        (ORDER, "/tenders/0/kind", "GOLD"),
        (ORDER, "/tenders/0/kind", "UNSPECIFIED"),
        (ORDER, "/tenders/0/kind", "KIND_CARD"),
        (ORDER, "/tenders/0/kind", 1),
        (ORDER, "/order_id", ""),
        (ORDER, "/order_id", "x" * 65),
        (ORDER, "/order_id", None),
        (ORDER, "/ctx", {"tenant_id": "other"}),
        (ORDER, "/tenant_id", "other"),
        (ORDER, "/a~1b~0", 1),
        (ORDER, "/place_time", "1700000000"),
        (ORDER, "/place_time", 1700000000),
        (ORDER, "/place_time", "2026-01-31"),
        (ORDER, "/place_time", "2026-01-31T12:00:00"),
        (ORDER, "/place_time", "9999-12-31T23:59:59-23:00"),
        (EARN, "/basket/lines/0/net/minor", "100"),
        (REFUND, "/amount/minor", None),
        (REFUND, "/amount", "10.00"),
    ],
    ids=lambda one: getattr(one, "operation_id", repr(one)[:30]),
)
async def test_a_wrong_value_is_refused_where_it_stands(
    operation: Operation, pointer: str, value: Any, gateway: Gateway, upstream: CannedUpstream
) -> None:
    unescaped = pointer.replace("~1", "\0").replace("~0", "~")
    content = changed(operation, unescaped, value).replace(b"\\u0000", b"/")

    told = problem(await gateway.ask(operation, content=content), 400, "INVALID_REQUEST")

    assert told["errors"][0]["pointer"] == pointer or value == 10**400
    assert not upstream.asked


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.operation_id)
@pytest.mark.parametrize(
    "content",
    [
        b"{not json",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"order_id": "\xff"}',
        b'{"order_id": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"surely_unknown": 1}',
        b'{"ctx": {"tenant_id": "other"}}',
    ],
    ids=lambda content: repr(content[:20]),
)
async def test_what_is_no_right_object_is_refused(
    operation: Operation, content: bytes, gateway: Gateway, upstream: CannedUpstream
) -> None:
    told = problem(await gateway.ask(operation, content=content), 400, "INVALID_REQUEST")

    assert all("pointer" in one for one in told["errors"])
    assert not upstream.asked


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda operation: operation.operation_id)
async def test_an_empty_body_is_an_empty_object(
    operation: Operation, gateway: Gateway, upstream: CannedUpstream
) -> None:
    answer = await gateway.ask(operation, content=b"")

    required = {name for name, field in operation.body_model().model_fields.items() if field.is_required()}
    if required:
        told = problem(answer, 400, "INVALID_REQUEST")
        assert {one["pointer"] for one in told["errors"]} == {f"/{name}" for name in required}
    else:
        assert answer.status_code == 200


async def test_a_key_given_twice_is_refused(gateway: Gateway, upstream: CannedUpstream) -> None:
    content = changed(REFUND, "/reason", "one").replace(b'"reason": "one"', b'"reason": "a", "reason": "b"')

    told = problem(await gateway.ask(REFUND, content=content), 400, "INVALID_REQUEST")

    assert told["errors"] == [{"pointer": "/reason", "detail": "given twice"}]
    assert not upstream.asked


async def test_null_is_as_good_as_leaving_out(gateway: Gateway, upstream: CannedUpstream) -> None:
    assert (await gateway.ask(ORDER, content=changed(ORDER, "/discount", None))).status_code == 200
    assert not upstream.last().order.HasField("discount")


async def test_one_byte_over_a_mebibyte_is_too_large(gateway: Gateway, upstream: CannedUpstream) -> None:
    async def chunks() -> Any:
        for _ in range(16):
            yield b" " * (MAX_BODY // 16)
        yield b" "

    for content in (b" " * (MAX_BODY + 1), chunks()):
        told = problem(await gateway.ask(REFUND, content=content), 413, "BODY_TOO_LARGE")
        assert told["metadata"] == {"limit": str(MAX_BODY)}
    fits = json.dumps(samples.body_of(REFUND)).encode().ljust(MAX_BODY)
    assert (await gateway.ask(REFUND, content=fits)).status_code == 200


@pytest.mark.parametrize(
    ("operation", "params", "pointer"),
    [
        ("ListRefunds", {"limit": "0"}, "/limit"),
        ("ListRefunds", {"limit": "101"}, "/limit"),
        ("ListRefunds", {"limit": "1" * 5000}, "/limit"),
        ("ListRefunds", {"limit": "1.0"}, "/limit"),
        ("ListRefunds", {"limit": "²"}, "/limit"),
        ("ListRefunds", {"page_size": "1"}, "/page_size"),
        ("ListRefunds", {"cursor": "é"}, "/cursor"),
        ("ListRefunds", {"cursor": "x" * 257}, "/cursor"),
        ("ListRefunds", {"order_id": "x" * 65}, "/order_id"),
        ("ListRefunds", [("order_id", "a"), ("order_id", "b")], "/order_id"),
        ("GetRefund", {"refund_id": "other"}, "/refund_id"),
    ],
    ids=lambda one: repr(one)[:40],
)
async def test_a_wrong_parameter_is_named(
    operation: str, params: Any, pointer: str, gateway: Gateway
) -> None:
    told = problem(await gateway.ask(BY_ID[operation], params=params), 400, "BAD_PARAMETER")
    assert [one["pointer"] for one in told["errors"]] == [pointer]


@pytest.mark.parametrize("wrong", ["x" * 65, "a%20b", "%ff", "%00"])
async def test_a_wrong_id_in_the_path_is_named(wrong: str, gateway: Gateway) -> None:
    told = problem(await gateway.ask(BY_ID["GetAccount"], path=f"/v1/members/{wrong}"), 400, "BAD_PARAMETER")
    assert [one["pointer"] for one in told["errors"]] == ["/account_id"]


async def test_the_pages_parameters_arrive_under_the_protos_names(
    gateway: Gateway, upstream: CannedUpstream
) -> None:
    await gateway.ask(BY_ID["ListRefunds"], params={"limit": "7", "cursor": "abc_-", "order_id": "o"})

    request = upstream.last()
    assert (request.page_size, request.page_token, request.order_id) == (7, "abc_-", "o")


async def test_there_is_no_such_route(gateway: Gateway) -> None:
    for verb, path, status, code in (
        ("GET", "/v1/nothing", 404, "ROUTE_NOT_FOUND"),
        ("GET", "/v1/members/x/", 404, "ROUTE_NOT_FOUND"),
        ("GET", "/v1/" + "x" * 5000, 404, "ROUTE_NOT_FOUND"),
        ("DELETE", "/v1/members/x", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/metrics", 404, "ROUTE_NOT_FOUND"),
    ):
        told = problem(await gateway.client.request(verb, path), status, code)
        assert len(told["detail"]) < 300
