"""The exit codes of `aftercare`, and the one way an error reaches the terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from rich.console import Console

from deploy.local.problems import PortTakenError, PreflightError, StackError


class Exit(IntEnum):
    """What the shell is told."""

    OK = 0
    FAILED = 1
    USAGE = 2
    NOT_UP = 3
    MACHINE = 4
    INTERRUPTED = 130
    TERMINATED = 143


EPILOG = (
    "Exit codes: 0 done; 1 a part or the main job failed; 2 wrong usage; 3 the stack is not up; "
    "4 this machine cannot run it as asked (port, disk, library); 130 interrupted; 143 terminated. "
    "Results go to standard output, progress and problems to standard error."
)

progress = Console(stderr=True, highlight=False)


@contextmanager
def told() -> Iterator[None]:
    """Turn what a person can act on into text and an exit code; anything else keeps its traceback."""
    try:
        yield
    except StackError as error:
        progress.print(f"[bold red]aftercare:[/] {_escaped(error)}", soft_wrap=True)
        machine = isinstance(error, (PreflightError, PortTakenError))
        sys.exit(Exit.MACHINE if machine else Exit.FAILED)
    except KeyboardInterrupt:
        progress.print("interrupted")
        sys.exit(Exit.INTERRUPTED)


def _escaped(error: StackError) -> str:
    return str(error).replace("[", r"\[")
