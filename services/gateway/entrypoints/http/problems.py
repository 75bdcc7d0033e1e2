"""Every failure as problem+json (RFC 9457), by one table."""

import json
import math
from typing import Any

from starlette.responses import Response

from services.chassis.kernel.errors import AftercareError, Kind

STATUS: dict[Kind, int] = {
    Kind.INVALID_ARGUMENT: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.PERMISSION_DENIED: 403,
    Kind.NOT_FOUND: 404,
    Kind.ALREADY_EXISTS: 409,
    Kind.FAILED_PRECONDITION: 409,
    Kind.ABORTED: 409,
    Kind.RESOURCE_EXHAUSTED: 429,
    Kind.UNAVAILABLE: 503,
    Kind.DEADLINE_EXCEEDED: 504,
    Kind.DATA_LOSS: 500,
    Kind.INTERNAL: 500,
}
# Where the reason says more than the kind.
STATUS_OF_REASON: dict[str, int] = {
    "BODY_TOO_LARGE": 413,
    "IDEMPOTENCY_KEY_REUSED": 422,
    "IDEMPOTENCY_CONFLICT": 422,
    "REQUEST_ID_REUSED": 422,
    "ETAG_MISMATCH": 412,
}
TITLES: dict[int, str] = {
    400: "The request is not right",
    401: "Who is asking?",
    403: "Not allowed with this key",
    404: "Not found",
    405: "Method not allowed",
    409: "Not possible now",
    412: "Somebody else was faster",
    413: "Too large",
    422: "Idempotency key used for something else",
    429: "Too many requests",
    500: "Something went wrong on our side",
    503: "Not reachable for a moment",
    504: "No answer in time",
}
DOCS = "/docs/errors#"
RETRY_SECONDS = 1
TRANSPORT = "a service behind the gateway did not answer; ask again with the same Idempotency-Key"


def problem_of(error: AftercareError, request_id: str) -> Response:
    """The answer for a failure. A 500 says nothing of what happened; its request id is in the log."""
    status = STATUS_OF_REASON.get(error.reason, STATUS[error.kind])
    if status == 500:
        return problem(500, "INTERNAL", "", request_id)
    extra: dict[str, Any] = {}
    if error.metadata:
        extra["metadata"] = dict(error.metadata)
    if error.violations:
        extra["errors"] = [
            {"pointer": _pointer(violation.field), "detail": violation.description}
            for violation in error.violations
        ]
    headers = {}
    if status in {429, 503} or error.retry_after is not None:
        headers["Retry-After"] = str(max(RETRY_SECONDS, math.ceil(error.retry_after or RETRY_SECONDS)))
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="aftercare"'
    # A status without a reason of ours speaks of the wire between our own services: not the caller's matter.
    foreign = error.reason == error.kind.value
    detail = TRANSPORT if foreign else error.message
    return problem(status, error.reason, detail, request_id, headers=headers, extra=extra)


def problem(
    status: int,
    code: str,
    detail: str,
    request_id: str,
    *,
    headers: dict[str, str] | None = None,
    extra: dict[str, Any] | None = None,
) -> Response:
    """A problem+json answer."""
    body: dict[str, Any] = {
        "type": f"{DOCS}{code.lower()}",
        "title": TITLES.get(status, "The request failed"),
        "status": status,
        "code": code,
        "request_id": request_id,
    }
    if detail:
        body["detail"] = detail
    body.update(extra or {})
    return Response(
        json.dumps(body, ensure_ascii=False),
        status,
        headers=headers,
        media_type="application/problem+json",
    )


def _pointer(path: str) -> str:
    """`lines[0].net` as the JSON pointer `/lines/0/net`; what is a pointer already stays one."""
    if path.startswith("/"):
        return path
    return "/" + path.replace("[", "/").replace("]", "").replace(".", "/") if path else ""
