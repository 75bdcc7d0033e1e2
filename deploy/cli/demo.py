"""`aftercare demo`: the main job against the stack that is up."""

import importlib
import importlib.util
import sys
from typing import Annotated

import typer

from deploy.cli.exits import Exit, progress, told
from deploy.local import commands
from deploy.local.home import Home
from deploy.local.state import StackState

_MODULE = "deploy.demo"


def demo(
    *,
    full: Annotated[
        bool, typer.Option("--full", help="All 155,848 real baskets, not 200 households.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run the main job on real input and check every figure."""
    with told():
        state = commands.running(Home.default())
        if state is None:
            progress.print("the stack is not up: `aftercare up`")
            sys.exit(Exit.NOT_UP)
        code = run_demo(state, full=full, as_json=as_json)
    sys.exit(code)


def run_demo(state: StackState, *, full: bool, as_json: bool) -> int:
    """The main job's exit code: 0 when every figure is what it must be."""
    if importlib.util.find_spec(_MODULE) is None:
        progress.print("the main job (deploy.demo) is not in this checkout; it is left out")
        return Exit.OK
    return int(importlib.import_module(_MODULE).run_main_job(state, full=full, as_json=as_json))
