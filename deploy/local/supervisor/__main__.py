"""`python -m deploy.local.supervisor --home DIR [--attached]`: run the plan of a home until SIGTERM.

Attached, standard input is the lifeline of whoever started it. Lines: `keep` lets go of the lifeline, `hold
PART` stops a part and keeps it down, `release PART` lets it start again. The end of the input without `keep`
takes everything down, so nothing outlives a test run or an interrupted `up`.
"""

import argparse
import asyncio
import fcntl
import json
import signal
import sys
from pathlib import Path

from deploy.local.home import Home
from deploy.local.plan import Plan
from deploy.local.supervisor.supervisor import Supervisor

ALREADY_RUNNING = 3


def main() -> int:
    """Take the home's lock and supervise."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.supervisor")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--attached", action="store_true")
    arguments = parser.parse_args()
    home = Home(arguments.home)
    with (home.run / "supervisor.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"another supervisor runs for {home.root}\n")
            return ALREADY_RUNNING
        plan = Plan.from_json(json.loads(home.plan_file.read_text()))
        return asyncio.run(_supervise(home, plan, attached=arguments.attached))


async def _supervise(home: Home, plan: Plan, *, attached: bool) -> int:
    supervisor = Supervisor(home, plan)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.ask_to_stop)
    orders = asyncio.create_task(_obey(supervisor)) if attached else None
    code = await supervisor.run()
    if orders is not None:
        orders.cancel()
    return code


async def _obey(supervisor: Supervisor) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := (await lines.readline()).decode().split():
        match line:
            case ["keep"]:
                return
            case ["hold", part]:
                await supervisor.keepers[part].hold()
            case ["release", part]:
                supervisor.keepers[part].release()
            case _:
                sys.stderr.write(f"unknown order: {' '.join(line)}\n")
    supervisor.ask_to_stop()


if __name__ == "__main__":
    sys.exit(main())
