"""Places where a test may have a process die as if its power had gone."""

import os
import signal
from collections import Counter

_passed: Counter[str] = Counter()


def crash_point(name: str) -> None:
    """Kill this process here when AFTERCARE_CRASH_AT is `name:n` and this is the n-th pass; tests only."""
    if os.environ.get("AFTERCARE_MODE") != "test":
        return
    where, _, nth = os.environ.get("AFTERCARE_CRASH_AT", "").partition(":")
    if where != name:
        return
    _passed[name] += 1
    if _passed[name] == int(nth or 1):
        os.kill(os.getpid(), signal.SIGKILL)
