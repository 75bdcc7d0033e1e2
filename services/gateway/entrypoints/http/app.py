"""The HTTP application: its routes, and what stands around them."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.chassis import logging
from services.chassis.kernel.errors import AftercareError
from services.gateway.application.ports import Ports
from services.gateway.entrypoints.http import openapi
from services.gateway.entrypoints.http.middleware import Guard, refused
from services.gateway.entrypoints.http.problems import problem
from services.gateway.entrypoints.http.routes import (
    events,
    members,
    orders,
    refunds,
    returns,
    warehouse,
    webhooks,
)
from services.gateway.entrypoints.http.upstreams import Upstreams

OPERATIONS = (
    *members.OPERATIONS,
    *orders.OPERATIONS,
    *returns.OPERATIONS,
    *warehouse.OPERATIONS,
    *refunds.OPERATIONS,
)
_MAX_PATH = 200


def build(ports: Ports, upstreams: Upstreams, ready: Callable[[], Awaitable[list[str]]]) -> FastAPI:
    """The application over its ports. `ready` names what is missing; empty means ready."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await upstreams.close()

    app = FastAPI(
        title="Aftercare",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.ports = ports
    app.state.upstreams = upstreams
    app.add_middleware(Guard)
    app.add_exception_handler(AftercareError, _refused)
    app.add_exception_handler(HTTPException, _unrouted)
    for operation in OPERATIONS:
        app.add_route(operation.path, operation.endpoint(), [operation.verb], operation.operation_id)
    app.add_route(orders.QUOTE.path, orders.quote_return, ["POST"], "QuoteReturn")
    app.add_route(events.PATH, events.events, ["GET"], "ListEvents")
    app.add_route(webhooks.STRIPE_PATH, webhooks.stripe_webhook, ["POST"], "StripeWebhook")
    app.add_route(webhooks.CARRIER_PATH, webhooks.carrier_webhook, ["POST"], "CarrierWebhook")
    _add_operations_routes(app, ready)
    return app


def _add_operations_routes(app: FastAPI, ready: Callable[[], Awaitable[list[str]]]) -> None:
    described = json.dumps(openapi.document(OPERATIONS), ensure_ascii=False).encode()

    async def openapi_json(_: Request) -> Response:
        return Response(described, media_type="application/json")

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> Response:
        missing = await ready()
        status = 503 if missing else 200
        return JSONResponse({"status": "ready" if not missing else "not ready", "missing": missing}, status)

    app.add_route("/openapi.json", openapi_json, ["GET"])
    app.add_route("/healthz", healthz, ["GET"])
    app.add_route("/readyz", readyz, ["GET"])
    # No /metrics here: it says what a shop does, and is on the ops port.


async def _refused(_: Request, error: Any) -> Response:  # noqa: ANN401 - starlette's handler type
    return refused(error, logging.request_id())


async def _unrouted(request: Request, error: Any) -> Response:  # noqa: ANN401 - the same
    code = {404: "ROUTE_NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "INVALID_REQUEST")
    asked = f"{request.method} {request.url.path[:_MAX_PATH]}"
    detail = f"there is no {asked}" if error.status_code in {404, 405} else ""
    return problem(error.status_code, code, detail, logging.request_id(), headers=dict(error.headers or {}))
