import json
from typing import Any

import pytest

from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind
from services.gateway.domain.errors import body_too_large, scope_missing, unauthenticated
from services.gateway.entrypoints.http.problems import STATUS, STATUS_OF_REASON, TITLES, problem_of


def told(error: AftercareError) -> tuple[int, dict[str, Any], Any]:
    answer = problem_of(error, "req-1")
    assert answer.media_type == "application/problem+json"
    return answer.status_code, json.loads(bytes(answer.body)), answer.headers


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (Kind.INVALID_ARGUMENT, 400),
        (Kind.UNAUTHENTICATED, 401),
        (Kind.PERMISSION_DENIED, 403),
        (Kind.NOT_FOUND, 404),
        (Kind.ALREADY_EXISTS, 409),
        (Kind.FAILED_PRECONDITION, 409),
        (Kind.ABORTED, 409),
        (Kind.RESOURCE_EXHAUSTED, 429),
        (Kind.UNAVAILABLE, 503),
        (Kind.DEADLINE_EXCEEDED, 504),
        (Kind.DATA_LOSS, 500),
        (Kind.INTERNAL, 500),
    ],
)
def test_each_kind_has_its_status(kind: Kind, status: int) -> None:
    got, body, _ = told(AftercareError(kind, "A_REASON", "what to do"))

    assert got == body["status"] == status
    assert body["title"] == TITLES[status]
    if status == 500:
        assert body == {
            "type": "/docs/errors#internal",
            "title": TITLES[500],
            "status": 500,
            "code": "INTERNAL",
            "request_id": "req-1",
        }
    else:
        assert (body["code"], body["detail"], body["type"]) == (
            "A_REASON",
            "what to do",
            "/docs/errors#a_reason",
        )


def test_no_kind_is_forgotten() -> None:
    assert set(STATUS) == set(Kind)
    assert {*STATUS.values(), *STATUS_OF_REASON.values()} <= set(TITLES)


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("BODY_TOO_LARGE", 413),
        ("IDEMPOTENCY_KEY_REUSED", 422),
        ("IDEMPOTENCY_CONFLICT", 422),
        ("REQUEST_ID_REUSED", 422),
        ("ETAG_MISMATCH", 412),
    ],
)
def test_a_reason_may_say_more_than_its_kind(reason: str, status: int) -> None:
    assert told(AftercareError(Kind.ALREADY_EXISTS, reason, "text"))[0] == status


def test_a_failure_of_the_wire_tells_nothing_of_our_network() -> None:
    status, body, headers = told(
        AftercareError(Kind.UNAVAILABLE, "UNAVAILABLE", "ipv4:10.0.0.7:7101: refused")
    )

    assert (status, headers["retry-after"]) == (503, "1")
    assert "10.0.0.7" not in json.dumps(body)


@pytest.mark.parametrize(
    ("kind", "after", "header"),
    [
        (Kind.UNAVAILABLE, None, "1"),
        (Kind.UNAVAILABLE, 0.2, "1"),
        (Kind.RESOURCE_EXHAUSTED, 2.2, "3"),
        (Kind.ABORTED, 1.0, "1"),
        (Kind.ABORTED, None, None),
        (Kind.NOT_FOUND, None, None),
    ],
)
def test_when_to_ask_again(kind: Kind, after: float | None, header: str | None) -> None:
    _, _, headers = told(AftercareError(kind, "A_REASON", "text", retry_after=after))
    assert headers.get("retry-after") == header


@pytest.mark.parametrize(
    ("field", "pointer"),
    [
        ("lines[0].net.minor", "/lines/0/net/minor"),
        ("account_id", "/account_id"),
        ("/a~1b/0", "/a~1b/0"),
        ("", ""),
    ],
)
def test_violations_are_json_pointers(field: str, pointer: str) -> None:
    error = AftercareError(Kind.INVALID_ARGUMENT, "R", "m", violations=(FieldViolation(field, "wrong"),))
    assert told(error)[1]["errors"] == [{"pointer": pointer, "detail": "wrong"}]


def test_our_own_refusals() -> None:
    status, body, headers = told(unauthenticated("MISSING_API_KEY", "send one"))
    assert (status, headers["www-authenticate"]) == (401, 'Bearer realm="aftercare"')
    status, body, _ = told(scope_missing("points:write", "agent"))
    assert (status, body["metadata"]) == (403, {"scope": "points:write"})
    status, body, _ = told(body_too_large(10))
    assert (status, body["metadata"]) == (413, {"limit": "10"})
