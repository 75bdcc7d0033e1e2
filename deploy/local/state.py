"""What the supervisor reports: read by the commands, by tests and by the demo."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from deploy.local.home import Home, write_private


class Phase(StrEnum):
    """Where the whole stack is."""

    STARTING = "starting"
    UP = "up"
    STOPPING = "stopping"
    DOWN = "down"
    FAILED = "failed"


class PartState(StrEnum):
    """Where one part is."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    DONE = "done"
    RESTARTING = "restarting"
    CRASH_LOOPING = "crash-looping"
    HELD = "held"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(slots=True)
class PartStatus:
    """One part now. `seconds` is how long its last start took; `detail` says why it is not ready."""

    state: PartState = PartState.WAITING
    pid: int | None = None
    port: int | None = None
    restarts: int = 0
    seconds: float | None = None
    exit_code: int | None = None
    detail: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the stack did not come up."""

    part: str
    reason: str
    log: str
    tail: list[str]


@dataclass(slots=True)
class StackState:
    """The whole stack now.

    `ports`, `urls`, `credentials` and `environment` (what the service processes were given) are constant
    while it is up; `parts` changes.
    """

    phase: Phase = Phase.STARTING
    supervisor_pid: int = 0
    started_at: str = ""
    ports: dict[str, int] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    credentials: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    parts: dict[str, PartStatus] = field(default_factory=dict)
    failure: Failure | None = None

    @property
    def ready(self) -> bool:
        """Whether every part is as it should be."""
        good = {PartState.READY, PartState.DONE}
        return self.phase is Phase.UP and all(part.state in good for part in self.parts.values())

    def to_json(self) -> dict[str, Any]:
        """A form that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "StackState":
        """The state that `to_json` wrote."""
        parts = {
            name: PartStatus(**{**part, "state": PartState(part["state"])})
            for name, part in raw["parts"].items()
        }
        failure = Failure(**raw["failure"]) if raw["failure"] else None
        return cls(**{**raw, "phase": Phase(raw["phase"]), "parts": parts, "failure": failure})


def read_state(home: Home) -> StackState | None:
    """The last report of a supervisor, with phase DOWN where it has died; None where there is none."""
    try:
        state = StackState.from_json(json.loads(home.state_file.read_text()))
    except FileNotFoundError:
        return None
    if state.phase in {Phase.STARTING, Phase.UP, Phase.STOPPING} and not _supervises(state.supervisor_pid):
        state.phase = Phase.DOWN
    return state


def write_state(home: Home, state: StackState) -> None:
    """Replace the report in one step."""
    write_private(home.state_file, json.dumps(state.to_json(), indent=1))


def is_alive(pid: int) -> bool:
    """Whether a process runs under this id and is not merely waiting to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _supervises(pid: int) -> bool:
    """Whether this id still belongs to a supervisor: after a reboot it may be anybody's."""
    try:
        return is_alive(pid) and b"deploy.local.supervisor" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except FileNotFoundError:
        return False


def signal_part(state: StackState, part: str, number: int) -> int:
    """Send a signal to a part and return the process id it went to. Raises KeyError for an unknown part."""
    pid = state.parts[part].pid
    if pid is None:
        raise ProcessLookupError(f"{part} has no process now: it is {state.parts[part].state}")
    os.kill(pid, number)
    return pid
