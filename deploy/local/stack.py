"""A whole or partial stack as an object, for tests and for whoever needs one for a while."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.home import Home
from deploy.local.launch import launch, wait_until_up
from deploy.local.parts.part import Part
from deploy.local.plan import EVERYTHING, Group, Plan, make_plan
from deploy.local.ports import PortBlock
from deploy.local.problems import StackError
from deploy.local.state import PartState, PartStatus, StackState, read_state, signal_part

POLL_SECONDS = 0.02
STOP_SECONDS = 60.0


class LocalStack:
    """Parts of the stack on free ports in a home of their own; everything ends with the `with` block.

    They also end when this process ends, however it ends. `parts` names groups: mongo, rabbit, stripe,
    courier, mail, services. `extra` adds parts of your own; `environment` is laid over the variables of
    single parts, by part name; `mongod_arguments` go to the server.
    """

    def __init__(
        self,
        home: Path,
        parts: Collection[Group] = EVERYTHING,
        *,
        extra: Sequence[Part] = (),
        environment: Mapping[str, Mapping[str, str]] | None = None,
        mongod_arguments: Sequence[str] = (),
    ) -> None:
        self.home = Home(home)
        self._groups = parts
        self._extra = tuple(extra)
        self._environment = environment or {}
        self._mongod_arguments = tuple(mongod_arguments)
        self._block: PortBlock | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start and wait until every part is ready. Raises PartFailedError; nothing is left running then."""
        self.home.make()
        self._block = self._block or PortBlock()
        theirs = {name: value for name, value in os.environ.items() if name == "LOG_LEVEL"}
        plan = make_plan(self.home, self._groups, self._block.ports, theirs)
        self._process = launch(self.home, self._adjusted(plan), sys.executable)
        try:
            wait_until_up(self.home, self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Take everything down; harmless when nothing runs."""
        if self._process is not None:
            assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
            self._process.stdin.close()
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._process = None
        if self._block is not None:
            self._block.close()
            self._block = None

    @property
    def state(self) -> StackState:
        """What the supervisor reports now."""
        state = read_state(self.home)
        if state is None:
            raise StackError(f"no stack was started in {self.home.root}")
        return state

    @property
    def mongodb_uri(self) -> str:
        """The database, with the client options of reliability.md."""
        return self.state.urls["mongodb"]

    @property
    def amqp_uri(self) -> str:
        """The broker."""
        return self.state.urls["amqp"]

    @property
    def gateway_url(self) -> str:
        """The HTTP API."""
        return self.state.urls["gateway"]

    def part(self, name: str) -> PartStatus:
        """One part now. Raises KeyError for an unknown one."""
        return self.state.parts[name]

    def kill(self, name: str, number: int = signal.SIGKILL) -> int:
        """Send a signal to a part; returns the process id it went to. The supervisor will restart it."""
        return signal_part(self.state, name, number)

    def wait_restarted(self, name: str, old_pid: int, seconds: float = 30.0) -> PartStatus:
        """Wait until the part is ready under another process id. Raises TimeoutError."""
        return self._until(name, lambda now: now.state is PartState.READY and now.pid != old_pid, seconds)

    def wait_ready(self, name: str, seconds: float = 30.0) -> PartStatus:
        """Wait until the part is ready. Raises TimeoutError."""
        return self._until(name, lambda now: now.state is PartState.READY, seconds)

    def hold(self, name: str, seconds: float = 30.0) -> None:
        """Stop a part in an orderly way and keep it down until `release`."""
        self._order(f"hold {name}")
        self._until(name, lambda now: now.state is PartState.HELD, seconds)

    def release(self, name: str) -> None:
        """Let a held part start again; see `wait_ready`."""
        self._order(f"release {name}")

    def _order(self, line: str) -> None:
        if self._process is None or self._process.stdin is None:
            raise StackError("the stack is not running")
        self._process.stdin.write(f"{line}\n".encode())
        self._process.stdin.flush()

    def _until(self, name: str, good: Callable[[PartStatus], bool], seconds: float) -> PartStatus:
        deadline = time.monotonic() + seconds
        while not good(now := self.part(name)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} is {now.state} after {seconds:.0f} s: {now.detail}")
            time.sleep(POLL_SECONDS)
        return now

    def _adjusted(self, plan: Plan) -> Plan:
        parts = [
            replace(part, environment={**part.environment, **self._environment.get(part.name, {})})
            for part in (*plan.parts, *self._extra)
        ]
        return replace(plan, parts=tuple(self._with_arguments(part) for part in parts))

    def _with_arguments(self, part: Part) -> Part:
        return replace(part, argv=(*part.argv, *self._mongod_arguments)) if part.name == "mongo" else part
