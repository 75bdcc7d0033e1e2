"""Around each request: its id, its metric, and an answer whatever happens inside."""

import re
import time
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis import logging
from services.chassis.kernel.errors import AftercareError
from services.chassis.metrics import RPC_SECONDS
from services.chassis.mongo.errors import as_aftercare_error
from services.gateway.entrypoints.http.problems import problem, problem_of

_REQUEST_ID = re.compile(rb"[A-Za-z0-9_.-]{8,64}")
log = structlog.get_logger()


class Guard:
    """Gives each request an id (the caller's, when it looks like one), in logs, answers and calls behind.

    It stands inside Starlette's own error middleware, which would log an exception a second time and
    let the server log it a third.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._seconds: dict[tuple[str, int], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        structlog.contextvars.clear_contextvars()
        logging.bind(request_id=request_id)
        started, status = time.perf_counter(), 0

        async def stamped(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [header for header in message["headers"] if header[0] != b"request-id"]
                message["headers"] = [*headers, (b"request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, stamped)
        except ClientDisconnect:
            log.info("caller_hung_up")
        except Exception as error:
            if status:
                raise  # half an answer is out: only cutting the connection tells the caller
            await _failed(error, request_id)(scope, receive, stamped)
        finally:
            self._observe(scope, status, time.perf_counter() - started)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        key = (getattr(scope.get("endpoint"), "__name__", "unrouted"), status)
        observed = self._seconds.get(key)
        if observed is None:
            observed = self._seconds[key] = RPC_SECONDS.labels("gateway", key[0], str(status))
        observed.observe(seconds)


def refused(error: AftercareError, request_id: str) -> Response:
    """The answer for a failure that has a name, with a log line where somebody of us should look."""
    answer = problem_of(error, request_id)
    if answer.status_code >= 500:
        log.warning("not_served", kind=error.kind.value, reason=error.reason, cause=error.message)
    return answer


def _failed(error: Exception, request_id: str) -> Response:
    known = as_aftercare_error(error)
    if known is not None:
        log.warning("database_failed", reason=known.reason, cause=repr(error))
        return problem_of(known, request_id)
    log.error("unforeseen", exc_info=error)
    return problem(500, "INTERNAL", "", request_id)


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"request-id":
            return value.decode() if _REQUEST_ID.fullmatch(value) else logging.new_request_id()
    return logging.new_request_id()
