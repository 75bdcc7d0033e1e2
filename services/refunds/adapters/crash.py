"""Places where a test may have this process die, as if its power had gone."""

import os
import signal
from collections.abc import Callable

NAMES = (
    "before_write_ahead",
    "after_write_ahead",
    "after_call",
    "inside_record",
    "after_record",
)


def crash_points(mode: str, at: str) -> Callable[[str], None]:
    """What `Ports.crash_point` is: kills the process at the point named `at`, in test and local mode only."""
    if not at or mode not in {"test", "local"}:
        return _never

    def die(name: str) -> None:
        if name == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return die


def _never(_name: str) -> None:
    return
