from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from deploy.standins.stripe.account.event_log import API_VERSION
from deploy.standins.stripe.gate.faults import ConnectionDroppedError
from deploy.standins.stripe.gate.log import close, shown_params
from deploy.standins.stripe.gate.pipeline import Sandbox, answer
from deploy.standins.stripe.webhooks import WebhookSender
from deploy.standins.stripe.wire.call import Answer, Call, fingerprint
from deploy.standins.stripe.wire.errors import StripeError
from deploy.standins.stripe.wire.form import Form, parse_pairs
from deploy.standins.stripe.wire.keys import refuse_live_key, require_test_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from deploy.standins.stripe.account.account import Settings
    from deploy.standins.stripe.gate.log import WireEntry

MAX_BODY_BYTES = 256 * 1024


class StandIn:
    """The server's state: the present sandbox, and what outlives a reset."""

    def __init__(self, settings: Settings, *, any_host: bool = False) -> None:
        self.settings = settings
        self.any_host = any_host
        self.sender = WebhookSender()
        self.sandbox = self._opened()

    def reset(self) -> None:
        """Forget everything and start again as the command line said."""
        self.sandbox.account.close()
        self.sandbox = self._opened()

    async def running(self, _app: web.Application) -> AsyncIterator[None]:
        """Run the webhook sender as long as the server."""
        await self.sender.start()
        yield
        self.sandbox.account.close()
        await self.sender.stop()

    async def serve_api(self, request: web.Request) -> web.StreamResponse:
        """Serve one request under `/v1`, whatever becomes of it."""
        sandbox = self.sandbox
        request_id = sandbox.account.new_id("req")
        entry = sandbox.log.open(
            request.method,
            request.path,
            idempotency_key=request.headers.get("Idempotency-Key"),
            stripe_version=request.headers.get("Stripe-Version"),
            request_id=request_id,
        )
        try:
            outcome = await _answered(sandbox, request, entry)
        except StripeError as error:
            outcome = Answer.refusal(error)
        except ConnectionDroppedError:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()  # goes nowhere
        close(entry, outcome)
        headers = {"Stripe-Version": API_VERSION, **outcome.headers, "Request-Id": request_id}
        for name in ("Stripe-Version", "Idempotency-Key"):
            sent = request.headers.get(name, "")
            if sent and sent.isascii():
                headers[name] = sent
        return _response(outcome, headers)

    def _opened(self) -> Sandbox:
        sandbox = Sandbox(self.settings)
        self.sender.serve(sandbox.account.events)
        return sandbox


async def _answered(sandbox: Sandbox, request: web.Request, entry: WireEntry) -> Answer:
    require_test_key(request.headers.get("Authorization"))
    writes = request.method == "POST"
    raw = (await request.read()).decode(errors="replace") if writes else request.query_string
    # A fault strikes before anything is looked at, as a broken network would.
    fault = sandbox.faults.take(request.method, request.path)
    entry["fault"] = fault.kind if fault else None
    pairs = parse_pairs(raw)
    entry["params"] = shown_params(pairs)
    call = Call(
        method=request.method,
        path=request.path,
        form=Form.from_pairs(pairs),
        fingerprint=fingerprint(pairs),
        request_id=entry["request_id"],
        # Stripe ignores keys on reads.
        idempotency_key=(request.headers.get("Idempotency-Key") or None) if writes else None,
    )
    return await answer(sandbox, call, fault)


def _response(outcome: Answer, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        status=outcome.status,
        body=outcome.body,
        headers=headers,
        content_type="application/json",
    )


@web.middleware
async def refuse_live_keys(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer 401 to a live key on any path, the controls and the health check included."""
    try:
        refuse_live_key(request.headers.get("Authorization"))
    except StripeError as error:
        return _response(Answer.refusal(error))
    return await handler(request)


async def healthy(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
