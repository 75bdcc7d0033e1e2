"""A part of the stack as data: the supervisor knows nothing else about it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

ProbeKind = Literal["exit", "tcp", "amqp", "http", "mongo", "none"]


@dataclass(frozen=True, slots=True)
class Probe:
    """How a part shows that it is ready.

    `exit`: it ends with 0, it is run once. `tcp` and `amqp`: `target` is host:port. `http`: `target` is a URL
    that answers 200. `mongo`: `target` is host:port of a member that must become primary. `none`: at once.
    """

    kind: ProbeKind
    target: str = ""
    timeout_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Part:
    """One process of the stack.

    `needs` names parts that must be ready before it starts. `environment` is laid over the supervisor's own.
    `files` (path -> text) are written before the first start.
    """

    name: str
    argv: tuple[str, ...]
    ready: Probe
    needs: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    stop_seconds: float = 10.0

    @property
    def once(self) -> bool:
        """Whether it is run to its end rather than kept."""
        return self.ready.kind == "exit"

    def to_json(self) -> dict[str, Any]:
        """A form that `from_json` reads back."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Part":
        """The part that `to_json` wrote."""
        lists = {name: tuple(raw[name]) for name in ("argv", "needs", "folders")}
        return cls(**{**raw, **lists, "ready": Probe(**raw["ready"])})
