"""One child process: started so that it dies with us, stopped with its whole group."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
from pathlib import Path

from deploy.local.home import REPOSITORY, Home
from deploy.local.parts.part import Part

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
LOG_LIMIT_BYTES = 16 * 1024 * 1024
TAIL_BYTES = 16 * 1024


class Child:
    """A running process of one part."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    async def start(cls, part: Part, log: Path) -> "Child":
        """Start a part; its output is appended to `log`. Raises OSError where it cannot be executed."""
        parent = os.getpid()
        with log.open("ab", buffering=0) as output:
            process = await asyncio.create_subprocess_exec(
                *part.argv,
                cwd=REPOSITORY,
                env={**os.environ, "PYTHONUNBUFFERED": "1", **part.environment},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: _die_with(parent),
            )
        return cls(process)

    async def wait(self) -> int:
        """Its exit code, negative for a signal. What is left of its group is killed then."""
        code = await self._process.wait()
        self._signal_group(signal.SIGKILL)
        return code

    async def stop(self, seconds: float) -> int:
        """Ask it to end, and kill its group when it has not after `seconds`."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(seconds):
                return await self.wait()
        except TimeoutError:
            self._signal_group(signal.SIGKILL)
            return await self.wait()

    def _signal_group(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)


def prepare(part: Part, home: Home) -> None:
    """Make the folders and files a part needs and set its previous log aside."""
    for folder in part.folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
    for path, text in part.files.items():
        Path(path).write_text(text)
    log = home.log_of(part.name)
    if log.exists() and log.stat().st_size:
        log.replace(log.with_name(log.name + ".1"))


def bound_log(log: Path) -> None:
    """Move a log that has grown past its limit aside. The writer appends, so it goes on at the start."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_LIMIT_BYTES:
            shutil.copyfile(log, log.with_name(log.name + ".1"))
            os.truncate(log, 0)


def tail(log: Path, lines: int = 15) -> list[str]:
    """The last lines of a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - TAIL_BYTES))
            return file.read().decode(errors="replace").splitlines()[-lines:]
    except FileNotFoundError:
        return []


def _die_with(parent: int) -> None:
    """Runs in the child before it becomes the part: be killed when the supervisor dies, however it dies."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
