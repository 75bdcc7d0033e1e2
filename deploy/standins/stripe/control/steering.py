"""Controls over the surroundings: faults, hooks, the clock and deliveries."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from deploy.standins.stripe.account.event_log import Hook
from deploy.standins.stripe.control.body import Body, BodyError
from deploy.standins.stripe.gate.faults import KINDS, TIMED, Fault
from deploy.standins.stripe.loopback import is_loopback
from deploy.standins.stripe.resources import refund_life

if TYPE_CHECKING:
    from deploy.standins.stripe.server import StandIn
    from deploy.standins.stripe.wire.call import StripeObject

MAX_ADVANCE_SECONDS = 10 * 366 * 24 * 60 * 60
MAX_FAULT_SECONDS = 120
_ON = re.compile(r"(GET|POST) (/v1/[A-Za-z0-9_*/]+)")


async def reset(stand_in: StandIn, values: object) -> StripeObject:
    """Forget everything; the command line's hook and clock offset stand again."""
    Body(values, ())
    stand_in.reset()
    return {"ok": True}


async def set_fault(stand_in: StandIn, values: object) -> StripeObject:
    """Spoil the next `times` requests to `on`, after letting `skip` pass."""
    body = Body(values, ("kind", "on", "times", "skip", "secs", "code", "headers"))
    kind = body.choice("kind", KINDS)
    on = body.text("on")
    if not _ON.fullmatch(on):
        raise BodyError(f"on must read like 'POST /v1/refunds' or 'GET /v1/refunds/*'; got {on!r}")
    if body.has("secs") and kind not in TIMED:
        raise BodyError(f"secs belongs to {', '.join(TIMED)}")
    fault = Fault(
        kind=kind,
        on=on,
        times=body.integer("times", 1, low=1, high=100_000),
        skip=body.integer("skip", 0, low=0, high=100_000),
        seconds=body.seconds("secs", high=MAX_FAULT_SECONDS) if kind in TIMED else 0.0,
        code=body.choice("code", ("rate_limit", "lock_timeout")) if body.has("code") else None,
        headers=body.strings("headers"),
    )
    if any(set(f"{name}{value}") & {"\r", "\n", "\0"} for name, value in fault.headers.items()):
        raise BodyError("headers must not hold line breaks")
    try:
        stand_in.sandbox.faults.add(fault)
    except ValueError as cause:
        raise BodyError(str(cause)) from cause
    return {"ok": True}


def checked_hook(url: str, secret: str, events: tuple[str, ...], *, any_host: bool) -> Hook:
    """Return a hook, or raise BodyError for an address or a secret that cannot work."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BodyError(f"url must be an http address; got {url!r}")
    if not any_host and not is_loopback(parts.hostname):
        raise BodyError("url must be on this machine unless the stand-in runs --allow-any-host")
    if not secret.startswith("whsec_"):
        raise BodyError("secret must begin with whsec_")
    return Hook(url, secret, events)


async def add_hook(stand_in: StandIn, values: object) -> StripeObject:
    """Register a webhook endpoint, or replace the one at the same address."""
    body = Body(values, ("url", "secret", "events"))
    events = body.texts("events", ("*",))
    hook = checked_hook(body.text("url"), body.text("secret"), events, any_host=stand_in.any_host)
    try:
        stand_in.sandbox.account.events.register(hook)
    except ValueError as cause:
        raise BodyError(str(cause)) from cause
    return {"ok": True}


async def advance(stand_in: StandIn, values: object) -> StripeObject:
    """Move the account's clock ahead: keys expire, events age, unanswered refunds are canceled."""
    body = Body(values, ("secs",))
    account = stand_in.sandbox.account
    account.clock.advance(body.integer("secs", low=1, high=MAX_ADVANCE_SECONDS))
    refund_life.cancel_unanswered(account)
    return {"ok": True, "now": account.clock.now()}


async def switch_autohook(stand_in: StandIn, values: object) -> StripeObject:
    """Deliver events as they happen, or hold them back; held ones leave only by redeliver."""
    body = Body(values, ("on",))
    stand_in.sandbox.account.events.deliver_at_once = body.flag("on")
    return {"ok": True}


async def redeliver(stand_in: StandIn, values: object) -> StripeObject:
    """Send events again, one attempt each, in this order; answers when all were tried."""
    body = Body(values, ("prefix", "order", "skew", "limit"))
    prefix = body.text("prefix", "")
    order = body.choice("order", ("oldest_first", "newest_first"), "oldest_first")
    skew = body.integer("skew", 0, low=-10_000_000, high=10_000_000)
    log = stand_in.sandbox.account.events
    chosen = log.redeliverable(prefix, body.integer("limit", 1_000, low=1, high=1_000))
    if order == "oldest_first":
        chosen.reverse()
    taken = [
        await stand_in.sender.send(log, event, hook, skew)
        for event in chosen
        for hook in log.hooks
        if hook.wants(event["type"])
    ]
    return {"ok": True, "events": len(chosen), "delivered": sum(taken), "failed": taken.count(False)}
