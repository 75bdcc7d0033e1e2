"""Kurier's HTTP application: who may call, which faults wait, how refusals look."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from typing import TYPE_CHECKING, Final

from aiohttp import web

from deploy.standins.courier.api.client_routes import ClientRoutes
from deploy.standins.courier.api.control_routes import ControlRoutes
from deploy.standins.courier.api.faults import FaultBox, answer_with_fault
from deploy.standins.courier.company.clock import VirtualClock
from deploy.standins.courier.company.desk import Desk
from deploy.standins.courier.company.faults import Fault
from deploy.standins.courier.notices.postman import Postman, Webhook
from deploy.standins.courier.papers.pdf import register_font

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from aiohttp.typedefs import Middleware

    from deploy.standins.courier.api.faults import Handler

_MAX_BODY: Final = 64 * 1024


def build_app(
    *,
    api_key: str,
    webhook: Webhook | None = None,
    frozen_at: datetime | None = None,
    seed: int | None = None,
) -> web.Application:
    """The whole company. Raises `FontMissingError` at start rather than at the first label."""
    register_font()
    postman = Postman(webhook)
    desk = Desk(VirtualClock(frozen_at), postman.post, seed)
    faults = FaultBox()
    app = web.Application(
        client_max_size=_MAX_BODY, middlewares=[_refusals, _doorman(api_key), _weather(faults)]
    )
    app.router.add_get("/healthz", _healthz)
    ClientRoutes(desk.office, desk.dispatch).add_to(app.router)
    ControlRoutes(desk, postman, faults).add_to(app.router)

    async def background(_app: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(postman.run()), asyncio.create_task(desk.tick())]
        yield
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    app.cleanup_ctx.append(background)
    return app


async def _healthz(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal in Kurier's own form, the router's 404 and 405 included."""
    try:
        return await handler(request)
    except Fault as fault:
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return web.json_response(fault.body(), status=fault.status, headers=headers)
    except web.HTTPException as error:
        refusal = Fault(error.status, f"E-{error.status}0", error.reason)
        return web.json_response(refusal.body(), status=error.status)


def _doorman(api_key: str) -> Middleware:
    expected = f"Bearer {api_key}".encode()

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        shown = request.headers.get("Authorization", "").encode(errors="replace")
        if request.path != "/healthz" and not hmac.compare_digest(shown, expected):
            raise Fault(401, "E-4010", "the API key is missing or unknown")
        return await handler(request)

    return check


def _weather(faults: FaultBox) -> Middleware:
    @web.middleware
    async def blow(request: web.Request, handler: Handler) -> web.StreamResponse:
        order = faults.take(request.method, request.path)
        if order is None:
            return await handler(request)
        return await answer_with_fault(order, request, handler)

    return blow
