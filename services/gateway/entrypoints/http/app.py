"""The HTTP application: routes, request ids, problems."""

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.chassis import logging
from services.chassis.kernel.errors import AftercareError
from services.chassis.metrics import RPC_SECONDS
from services.gateway.adapters.upstreams.channels import Upstreams
from services.gateway.application.ports import Ports
from services.gateway.entrypoints.http import openapi
from services.gateway.entrypoints.http.problems import problem, problem_of
from services.gateway.entrypoints.http.routes import (
    events,
    members,
    orders,
    refunds,
    returns,
    warehouse,
    webhooks,
)

OPERATIONS = (
    *members.OPERATIONS,
    *orders.OPERATIONS,
    *returns.OPERATIONS,
    *warehouse.OPERATIONS,
    *refunds.OPERATIONS,
)
_REQUEST_ID = re.compile(rb"^[A-Za-z0-9_.-]{8,64}$")
log = structlog.get_logger()


class RequestId:
    """Gives each request an id (the caller's, when it looks like one), in logs, answers and calls behind."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: D102 - ASGI
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = next((value for name, value in scope["headers"] if name == b"request-id"), b"")
        request_id = asked.decode() if _REQUEST_ID.match(asked) else logging.new_request_id()
        structlog.contextvars.clear_contextvars()
        logging.bind(request_id=request_id)
        started = time.perf_counter()

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [header for header in message["headers"] if header[0].lower() != b"request-id"]
                message["headers"] = [*headers, (b"request-id", request_id.encode())]
                route = getattr(scope.get("route"), "name", "unrouted")
                RPC_SECONDS.labels("gateway", route, str(message["status"])).observe(
                    time.perf_counter() - started
                )
            await send(message)

        await self._app(scope, receive, stamped)


def build(ports: Ports, upstreams: Upstreams, ready: Callable[[], Awaitable[list[str]]]) -> FastAPI:
    """The application over its ports. `ready` names what is missing; empty means ready."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await upstreams.close()

    app = FastAPI(title="Aftercare", openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    app.state.ports = ports
    app.state.upstreams = upstreams
    app.add_middleware(RequestId)
    app.add_exception_handler(AftercareError, _refused)
    app.add_exception_handler(HTTPException, _unrouted)
    app.add_exception_handler(Exception, _failed)
    for operation in OPERATIONS:
        app.add_route(operation.path, operation.endpoint(), [operation.verb], operation.method.name)
    app.add_route(orders.QUOTE.path, orders.quote_return, ["POST"], "QuoteReturn")
    app.add_route("/v1/events", events.events, ["GET"], "ListEvents")
    app.add_route("/v1/webhooks/{tenant_id}/stripe", webhooks.stripe_webhook, ["POST"], "StripeWebhook")
    app.add_route(
        "/v1/webhooks/{tenant_id}/carriers/{carrier}", webhooks.carrier_webhook, ["POST"], "CarrierWebhook"
    )
    _add_operations_routes(app, ready)
    return app


def _add_operations_routes(app: FastAPI, ready: Callable[[], Awaitable[list[str]]]) -> None:
    described = openapi.document(OPERATIONS)

    async def openapi_json(_: Request) -> Response:
        return JSONResponse(described)

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        missing = await ready()
        status = 503 if missing else 200
        return JSONResponse({"status": "ready" if not missing else "not ready", "missing": missing}, status)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    app.add_route("/openapi.json", openapi_json, ["GET"])
    app.add_route("/healthz", healthz, ["GET"])
    app.add_route("/readyz", readyz, ["GET"])
    app.add_route("/metrics", metrics, ["GET"])


async def _refused(_: Request, error: Any) -> Response:  # noqa: ANN401 - starlette's handler type
    if error.kind in {"INTERNAL", "DATA_LOSS"}:
        log.error("upstream_failed", reason=error.reason)
    return problem_of(error, logging.request_id())


async def _unrouted(request: Request, error: Any) -> Response:  # noqa: ANN401 - the same
    code = {404: "ROUTE_NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "INVALID_REQUEST")
    detail = f"there is no {request.method} {request.url.path}" if error.status_code in {404, 405} else ""
    return problem(error.status_code, code, detail, logging.request_id(), headers=dict(error.headers or {}))


async def _failed(_: Request, error: Exception) -> Response:
    log.error("unforeseen", exc_info=error)
    return problem(500, "INTERNAL", "", logging.request_id())
