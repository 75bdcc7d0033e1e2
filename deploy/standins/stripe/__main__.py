from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from deploy.standins.stripe.account.account import Settings
from deploy.standins.stripe.control import routes
from deploy.standins.stripe.control.body import BodyError
from deploy.standins.stripe.control.steering import checked_hook
from deploy.standins.stripe.loopback import is_loopback
from deploy.standins.stripe.server import MAX_BODY_BYTES, StandIn, healthy, refuse_live_keys

if TYPE_CHECKING:
    from deploy.standins.stripe.account.event_log import Hook

STOP_WITHIN_SECONDS = 0.2  # requests held open by a fault are cut off


def application(stand_in: StandIn) -> web.Application:
    """Put the API, the controls and the health check on one server."""
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[refuse_live_keys])
    app.cleanup_ctx.append(stand_in.running)
    app.router.add_get("/healthz", healthy)
    app.router.add_get("/_control/state", partial(routes.state, stand_in))
    app.router.add_post("/_control/{name}", partial(routes.act, stand_in))
    app.router.add_route("*", "/v1/{rest:.*}", stand_in.serve_api)
    return app


async def serve(stand_in: StandIn, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT, saying `ready` on standard output once listening."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    runner = web.AppRunner(application(stand_in), access_log=None, shutdown_timeout=STOP_WITHIN_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        bound = runner.addresses[0][1]
        shown_host = f"[{host}]" if ":" in host else host
        sys.stdout.write(f"ready http://{shown_host}:{bound}\n")
        sys.stdout.flush()
        await stopping.wait()
    finally:
        await runner.cleanup()


def main(arguments: list[str] | None = None) -> int:
    """Run the stand-in. Returns 0 after a signal, 2 for arguments it refuses."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not options.allow_any_host and not is_loopback(options.host):
        parser.error(f"{options.host} is not a loopback address; --allow-any-host permits it")
    if (options.webhook is None) != (options.webhook_secret is None):
        parser.error("--webhook and --webhook-secret belong together")
    hooks: tuple[Hook, ...] = ()
    if options.webhook is not None:
        try:
            hook = checked_hook(
                options.webhook, options.webhook_secret, ("*",), any_host=options.allow_any_host
            )
        except BodyError as error:
            parser.error(f"--webhook: {error}")
        hooks = (hook,)
    settings = Settings(clock_offset=options.clock_offset, hooks=hooks)
    stand_in = StandIn(settings, any_host=options.allow_any_host)
    asyncio.run(serve(stand_in, options.host, options.port))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m deploy.standins.stripe",
        description="A Stripe stand-in for local runs and tests. It never serves live keys.",
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=12111, help="0 takes a free one")
    parser.add_argument("--webhook", metavar="URL", help="where events are sent")
    parser.add_argument("--webhook-secret", metavar="whsec_…")
    parser.add_argument("--clock-offset", type=int, default=0, metavar="SECONDS")
    parser.add_argument(
        "--allow-any-host",
        action="store_true",
        help="listen and send webhooks beyond this machine, as in a container",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
