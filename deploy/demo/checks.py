"""Figures that must be what they must be."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

Found = TypeVar("Found")
PATIENCE_SECONDS = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5


class StepError(Exception):
    """A step of the main job did not do what it must; says which, and what was seen."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: what it is, what was seen, what it must be."""

    name: str
    seen: Any
    wanted: Any

    @property
    def right(self) -> bool:
        """Whether it is what it must be."""
        return bool(self.seen == self.wanted)


@dataclass
class Figures:
    """All figures of a run, in order."""

    all: list[Figure] = field(default_factory=list)

    def check(self, name: str, seen: Any, wanted: Any) -> None:  # noqa: ANN401 - any JSON value
        """Note a figure; a wrong one does not stop the story, so that all are seen."""
        self.all.append(Figure(name, seen, wanted))

    @property
    def wrong(self) -> list[Figure]:
        """Those that are not what they must be."""
        return [figure for figure in self.all if not figure.right]


def until(
    what: str, look: Callable[[], Found], good: Callable[[Found], bool], patience: float = PATIENCE_SECONDS
) -> Found:
    """Look until it is good. Raises StepError with the last thing seen when patience (seconds) runs out."""
    give_up = time.monotonic() + patience
    pause = _FIRST_PAUSE
    while True:
        found = look()
        if good(found):
            return found
        if time.monotonic() > give_up:
            raise StepError(f"{what} did not happen within {patience:.0f} s; last seen: {found}")
        time.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
