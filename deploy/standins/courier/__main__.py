"""Run Kurier: `python -m deploy.standins.courier --port 8090 --api-key key`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from datetime import datetime

from aiohttp import web

from deploy.standins.courier.app import build_app
from deploy.standins.courier.notices.postman import Webhook
from deploy.standins.courier.papers.pdf import FontMissingError


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.utcoffset() is None:
        raise argparse.ArgumentTypeError("give a time with its offset, as 2026-11-16T09:00:00+00:00")
    return moment


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.standins.courier", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--api-key", required=True)
    parser.add_argument("--webhook", help="where notices are posted")
    parser.add_argument("--webhook-secret", default="")
    parser.add_argument("--webhook-attempts", type=int, default=6)
    parser.add_argument("--webhook-backoff", type=float, default=0.5, metavar="SECS")
    parser.add_argument("--frozen-at", type=_aware, help="let the clock stand and only be moved")
    parser.add_argument("--seed", type=int, help="the same numbers on every run")
    arguments = parser.parse_args()
    if arguments.webhook and not arguments.webhook_secret:
        parser.error("--webhook needs --webhook-secret: notices are always signed")
    return arguments


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    webhook = arguments.webhook and Webhook(
        url=arguments.webhook,
        secret=arguments.webhook_secret,
        max_attempts=arguments.webhook_attempts,
        first_backoff_secs=arguments.webhook_backoff,
    )
    app = build_app(
        api_key=arguments.api_key,
        webhook=webhook or None,
        frozen_at=arguments.frozen_at,
        seed=arguments.seed,
    )
    # Cancelled with their client, hanging answers hold nothing; a short shutdown leaves them behind.
    runner = web.AppRunner(
        app, handler_cancellation=True, shutdown_timeout=0.2, access_log=None, handle_signals=False
    )
    await runner.setup()
    site = web.TCPSite(runner, arguments.host, arguments.port)
    await site.start()
    port = runner.addresses[0][1]
    print(f"ready http://{arguments.host}:{port}", flush=True)  # noqa: T201 - the launcher waits for it
    await stop.wait()
    await runner.cleanup()


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; 1 with one line on stderr when it cannot start."""
    try:
        asyncio.run(_serve(_arguments()))
    except (FontMissingError, OSError) as error:
        print(f"courier stand-in: {error}", file=sys.stderr)  # noqa: T201 - no logs yet
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
