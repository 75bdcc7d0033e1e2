"""Which port each part gets: the usual one, the next free one, or the one that was asked for."""

import random
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from deploy.local.problems import PortTakenError, StackError

FIXED: Mapping[str, int] = {
    "gateway": 8080,
    "loyalty": 7101,
    "returns": 7102,
    "refunds": 7103,
    "mongo": 27117,
    "rabbit": 5673,
    "rabbit-dist": 25673,
    "epmd": 4379,
    "stripe": 12111,
    "courier": 12112,
    "smtp": 1025,
    "mail": 8025,
}
FIRST_OPS_PORT = 9101
OPS_PREFIX = "ops-"
HIGHEST = 65535
# Blocks for stacks of tests lie below the ports that Linux gives to outgoing connections.
BLOCK_SIZE = 40
BLOCKS = range(15000, 31000, BLOCK_SIZE)

IsFree = Callable[[int], bool]


@dataclass(frozen=True, slots=True)
class Moved:
    """A part that did not get its usual port."""

    part: str
    usual: int
    port: int


@dataclass(frozen=True, slots=True)
class Ports:
    """The port of each part, and which of them are not the usual ones."""

    of: Mapping[str, int]
    moved: tuple[Moved, ...] = ()


def variable_of(part: str) -> str:
    """The setting that names a part's port, such as AFTERCARE_PORT_MONGO."""
    return f"AFTERCARE_PORT_{part.upper().replace('-', '_')}"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of this machine now."""
    with socket.socket() as probe:
        # As servers do: ports of connections that are only lingering count as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def choose_ports(parts: Iterable[str], environ: Mapping[str, str], free: IsFree = is_free) -> Ports:
    """Give each of `parts` a port.

    Raises PortTakenError for a port that was asked for and is in use, and StackError for one that is no port.
    """
    chosen: dict[str, int] = {}
    moved: list[Moved] = []
    usual = _usual(parts)
    asked = {part: _asked(part, environ) for part in usual if variable_of(part) in environ}
    for part, port in asked.items():
        if port in chosen.values() or not free(port):
            raise PortTakenError(part, port, variable_of(part))
        chosen[part] = port
    for part, first in usual.items():
        if part in asked:
            continue
        taken = set(chosen.values()) | ({*usual.values()} - {first})
        chosen[part] = _next_free(first, taken, free)
        if chosen[part] != first:
            moved.append(Moved(part, first, chosen[part]))
    return Ports(chosen, tuple(moved))


class PortBlock:
    """A block of free ports that no other stack on this machine will choose, until it is closed.

    The block is held by an abstract socket, which the kernel frees when the process ends however it ends.
    """

    def __init__(self) -> None:
        starts = list(BLOCKS)
        random.shuffle(starts)
        for start in starts:
            self._hold = socket.socket(socket.AF_UNIX)
            try:
                self._hold.bind(f"\0aftercare-ports-{start}")
            except OSError:
                self._hold.close()
                continue
            self._free = [port for port in range(start, start + BLOCK_SIZE) if is_free(port)]
            if len(self._free) == BLOCK_SIZE:
                return
            self._hold.close()
        raise StackError("no block of free ports is left on this machine")

    def ports(self, parts: Iterable[str]) -> Ports:
        """One port of the block for each part; at most BLOCK_SIZE in all."""
        return Ports({part: self._free.pop(0) for part in parts})

    def close(self) -> None:
        """Give the block back."""
        self._hold.close()


def _usual(parts: Iterable[str]) -> dict[str, int]:
    usual: dict[str, int] = {}
    ops = FIRST_OPS_PORT
    for part in parts:
        if part.startswith(OPS_PREFIX):
            usual[part] = ops
            ops += 1
        else:
            usual[part] = FIXED[part]
    return usual


def _asked(part: str, environ: Mapping[str, str]) -> int:
    text = environ[variable_of(part)]
    if not text.isdecimal() or not 0 < int(text) <= HIGHEST:
        raise StackError(f"{variable_of(part)}={text} is not a port: give a number from 1 to {HIGHEST}")
    return int(text)


def _next_free(first: int, taken: set[int], free: IsFree) -> int:
    for port in range(first, HIGHEST + 1):
        if port not in taken and free(port):
            return port
    raise StackError(f"no free port from {first} up")
