"""Kills by a seed: which part dies when is the same for the same seed."""

import random
import signal
import threading
from dataclasses import dataclass, field
from typing import Self

from deploy.local.stack import LocalStack

# The stand-ins are the outside world: they forget when they die, and the world does not.
TARGETS = (
    "mongo",
    "rabbit",
    "loyalty-serve",
    "loyalty-work",
    "loyalty-relay",
    "returns-serve",
    "returns-work",
    "returns-relay",
    "refunds-serve",
    "refunds-work",
    "refunds-relay",
    "gateway-serve",
    "gateway-work",
)
SHORTEST, LONGEST = 0.3, 1.5  # seconds between two kills


@dataclass
class Chaos:
    """Kills parts of a stack with SIGKILL until told to stop; a part that is down is left alone."""

    stack: LocalStack
    seed: int
    most: int = 12
    killed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a reproducible choice, no secret
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        # Each target once in a seeded order, so that no run leaves the database or the broker out.
        order = self._random.sample(TARGETS, len(TARGETS))[: self.most]
        for part in order:
            if self._stop.wait(self._random.uniform(SHORTEST, LONGEST)):
                return
            try:
                self.stack.kill(part, signal.SIGKILL)
            except ProcessLookupError:
                continue
            self.killed.append(part)
