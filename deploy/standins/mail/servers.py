"""The two faces of the mailbox: SMTP in, HTTP out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from aiosmtpd.smtp import SMTP

if TYPE_CHECKING:
    from deploy.standins.mail.mailbox import Mailbox

MAX_MESSAGE_BYTES: Final = 10 * 1024 * 1024
_DEFAULT_LIMIT: Final = 100


class _Door:
    """aiosmtpd's handler: every recipient is welcome."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's own
        message = self._mailbox.receive(
            envelope.mail_from or "", envelope.rcpt_tos, bytes(envelope.content or b"")
        )
        return f"250 OK: kept as {message.id}"


def smtp_protocol(mailbox: Mailbox) -> SMTP:
    """One SMTP conversation."""
    return SMTP(
        _Door(mailbox),
        hostname="mail.localhost",
        ident="Aftercare mail sink",
        data_size_limit=MAX_MESSAGE_BYTES,
        enable_SMTPUTF8=True,
    )


def http_app(mailbox: Mailbox) -> web.Application:
    """GET /messages, GET /messages/{id}, DELETE /messages, GET /healthz."""
    routes = web.RouteTableDef()

    @routes.get("/healthz")
    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "messages": len(mailbox)})

    @routes.get("/messages")
    async def messages(request: web.Request) -> web.Response:
        limit = _limit(request)
        wanted = request.query.get("to", "").casefold()
        found = [
            message
            for message in mailbox
            if not wanted or wanted in (to.casefold() for to in message.recipients)
        ]
        shown = [message.summary() for message in found[:limit]]
        return web.json_response({"messages": shown, "total": len(found)})

    @routes.get("/messages/{id}")
    async def message(request: web.Request) -> web.Response:
        found = mailbox.find(request.match_info["id"])
        if found is None:
            return web.json_response({"error": "no such message (any more)"}, status=404)
        return web.json_response(found.whole())

    @routes.delete("/messages")
    async def clear(_request: web.Request) -> web.Response:
        return web.json_response({"deleted": mailbox.clear()})

    app = web.Application()
    app.add_routes(routes)
    return app


def _limit(request: web.Request) -> int:
    text = request.query.get("limit", str(_DEFAULT_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000:
        raise web.HTTPBadRequest(text='{"error": "limit is 1 to 1000"}', content_type="application/json")
    return int(text)
