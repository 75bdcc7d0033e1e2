"""`aftercare up | down | status | logs | reset`."""

import json
import os
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from deploy.cli.demo import run_demo
from deploy.cli.exits import Exit, progress, told
from deploy.cli.screens import Watcher, show_moved, show_status, show_welcome
from deploy.local import commands
from deploy.local.home import Home
from deploy.local.state import read_state
from deploy.local.supervisor.child import tail

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def up(
    *,
    demo: Annotated[bool, typer.Option(help="Run the main job once everything is ready.")] = True,
    full: Annotated[bool, typer.Option("--full", help="Main job on all real baskets.")] = False,
) -> None:
    """Start everything, run the main job once, and leave the stack up."""
    home = Home.default()
    with told():
        known = commands.running(home)
        if known is not None:
            progress.print(f"already {known.phase} (supervisor {known.supervisor_pid})")
            show_welcome(known)
            return
        signal.signal(signal.SIGTERM, _terminated)
        started = _start(home)
        try:
            code = run_demo(started.state, full=full, as_json=False) if demo else Exit.OK
        except BaseException:
            progress.print("taking everything down")
            started.abort()
            raise
        started.keep()
        show_welcome(started.state)
    if code:
        progress.print(
            "the main job failed; the stack is left up for a look: `aftercare logs`, `aftercare down`"
        )
    sys.exit(code)


def down() -> None:
    """Stop everything; the data stays."""
    with told():
        progress.print("down" if commands.down(Home.default()) else "nothing was up")


def status(*, as_json: AsJson = False) -> None:
    """Show every part and ask it whether it is ready now."""
    from deploy.local.health import check_health  # noqa: PLC0415 - its database client is for this command only

    home = Home.default()
    with told():
        state = read_state(home)
        health = check_health(home) if commands.running(home) is not None else {}
        good = state is not None and state.ready and not any(health.values())
        if as_json:
            report = {} if state is None else state.to_json()
            typer.echo(json.dumps({"up": good, "health": health, **report}, indent=2))
        elif state is None:
            progress.print("not up: nothing was started here yet; `aftercare up`")
        else:
            show_status(state, health)
    sys.exit(Exit.OK if good else Exit.NOT_UP)


def logs(
    part: Annotated[
        str | None, typer.Argument(help="A part, or the start of its name; default: all.")
    ] = None,
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Last lines of each log.")] = 50,
) -> None:
    """Print the last lines of the logs."""
    with told():
        files = commands.log_files(Home.default(), part)
        for file in files:
            for line in tail(file, lines):
                typer.echo(f"{file.stem} | {line}")
        if follow:
            for name, line in commands.follow(files):
                typer.echo(f"{name} | {line}")


def reset(*, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Stop everything and delete all data, logs and credentials of the local stack."""
    home = Home.default()
    with told():
        if not yes and not typer.confirm(f"Delete {home.root} and all data in it?", err=True):
            sys.exit(Exit.FAILED)
        commands.reset(home)
        progress.print(f"{home.root} is gone")


def _start(home: Home) -> commands.Running:
    with progress.status("starting") as spinner:
        watcher = Watcher(progress, spinner.update)
        return commands.up(home, os.environ, planned=lambda plan: show_moved(plan.moved), watch=watcher.see)


def _terminated(_: int, __: FrameType | None) -> None:
    sys.exit(Exit.TERMINATED)
