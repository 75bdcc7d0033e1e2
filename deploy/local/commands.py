"""What `aftercare up`, `down`, `status`, `logs` and `reset` do, free of any terminal."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.local.home import Home
from deploy.local.launch import launch, wait_until_up
from deploy.local.plan import EVERYTHING, Plan, make_plan
from deploy.local.ports import choose_ports
from deploy.local.preflight import check_machine
from deploy.local.problems import StackError
from deploy.local.state import Phase, StackState, is_alive, read_state

STOP_SECONDS = 90.0
POLL_SECONDS = 0.05
RUNNING = {Phase.STARTING, Phase.UP, Phase.STOPPING}


class Running:
    """A stack that this process has brought up and that falls with it until `keep`."""

    def __init__(self, state: StackState, process: subprocess.Popen[bytes]) -> None:
        self.state = state
        self._process = process

    def keep(self) -> None:
        """Let go: the stack stays up when this process ends."""
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        self._process.stdin.write(b"keep\n")
        self._process.stdin.close()
        # It goes on without us: nobody is left to collect its exit code.
        self._process.returncode = 0

    def abort(self) -> None:
        """Take everything down and wait for it."""
        _end(self._process)


def running(home: Home) -> StackState | None:
    """The state of the stack of this home if its supervisor is alive."""
    state = read_state(home)
    return state if state is not None and state.phase in RUNNING else None


def up(
    home: Home,
    theirs: Mapping[str, str],
    planned: Callable[[Plan], None] = lambda _: None,
    watch: Callable[[StackState], None] = lambda _: None,
) -> Running:
    """Start everything and wait until it is ready; ask `running` first.

    `theirs` is the user's environment, `planned` sees the plan before anything starts, `watch` every step.
    Raises StackError (PreflightError, PortTakenError, PartFailedError); nothing is left running then.
    """
    check_machine(home, theirs)
    home.make()
    with _only_one(home):
        plan = make_plan(home, EVERYTHING, lambda names: choose_ports(names, theirs), theirs)
        planned(plan)
        process = launch(home, plan, sys.executable)
        try:
            return Running(wait_until_up(home, process, watch), process)
        except BaseException:
            _end(process)
            raise


def down(home: Home) -> bool:
    """Stop everything and wait for it. Returns False when nothing ran."""
    state = running(home)
    if state is None:
        return False
    pid = state.supervisor_pid
    deadline = time.monotonic() + STOP_SECONDS
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        while is_alive(pid):
            if time.monotonic() > deadline:
                # Its parts die with it.
                os.kill(pid, signal.SIGKILL)
            time.sleep(POLL_SECONDS)
    return True


def reset(home: Home) -> None:
    """Stop everything and delete all data, logs and credentials of this home."""
    down(home)
    if not home.root.exists():
        return
    known = {home.identity_file.name, home.data.name, home.logs.name, home.run.name}
    foreign = sorted(entry.name for entry in home.root.iterdir() if entry.name not in known)
    if foreign:
        raise StackError(f"{home.root} also holds {', '.join(foreign)}: it is not deleted")
    shutil.rmtree(home.root)


def log_files(home: Home, part: str | None) -> list[Path]:
    """The logs of all parts, or of those named `part` or `part-…`. Raises StackError when there is none."""
    logs = sorted(home.logs.glob("*.log"))
    if part is not None:
        logs = [log for log in logs if log.stem == part or log.stem.startswith(f"{part}-")]
    if not logs:
        raise StackError(f"no log of {part or 'any part'} in {home.logs}")
    return logs


def follow(logs: list[Path]) -> Iterator[tuple[str, str]]:
    """Lines that are written from now on, each with the part that wrote it; never ends."""
    places = {log: log.stat().st_size for log in logs}
    while True:
        for log, place in places.items():
            # A log that was set aside starts again.
            start = place if log.stat().st_size >= place else 0
            with log.open("rb") as file:
                file.seek(start)
                block = file.read()
            whole = block[: block.rfind(b"\n") + 1]
            places[log] = start + len(whole)
            for line in whole.decode(errors="replace").splitlines():
                yield log.stem, line
        time.sleep(POLL_SECONDS * 4)


@contextmanager
def _only_one(home: Home) -> Iterator[None]:
    with (home.run / "up.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError(f"another `up` is at work in {home.root}: wait for it") from None
        yield


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
