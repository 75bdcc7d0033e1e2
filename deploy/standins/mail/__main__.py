"""Run the mail sink: `python -m deploy.standins.mail --smtp-port 8025 --http-port 8026`."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from aiohttp import web

from deploy.standins.mail.mailbox import Mailbox
from deploy.standins.mail.servers import http_app, smtp_protocol


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.standins.mail", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--smtp-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--http-port", type=int, default=0, help="0 takes a free one")
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, stop.set)
    host, mailbox = arguments.host, Mailbox()
    smtp = await loop.create_server(lambda: smtp_protocol(mailbox), host, arguments.smtp_port)
    runner = web.AppRunner(http_app(mailbox), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, host, arguments.http_port).start()
    smtp_port = smtp.sockets[0].getsockname()[1]
    # Both lines only when both doors are open: a launcher may stop reading after the second.
    lines = f"ready smtp://{host}:{smtp_port}\nready http://{host}:{runner.addresses[0][1]}"
    print(lines, flush=True)  # noqa: T201 - the launcher waits for it
    await stop.wait()
    smtp.close()  # open conversations end with the process; nothing here outlives it anyway
    await runner.cleanup()


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; 1 with one line on stderr when a port is taken."""
    try:
        asyncio.run(_serve(_arguments()))
    except OSError as error:
        print(f"mail stand-in: {error}", file=sys.stderr)  # noqa: T201 - no logs yet
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
