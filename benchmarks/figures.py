"""Figures of a run: printed as they come, written at the end."""

import json
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).parent / "results" / "latest.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement; `ratio` is value over baseline, `target` what to reach (empty: for information)."""

    name: str
    value: float
    unit: str
    baseline: float | None = None
    ratio: float | None = None
    target: str = ""


@dataclass
class Figures:
    """All measurements of a run."""

    all: list[Figure] = field(default_factory=list)

    def rate(self, name: str, value: float, baseline: float | None = None, target: str = "") -> None:
        """A rate per second, against a baseline."""
        self._add(Figure(name, round(value, 1), "1/s", _rounded(baseline), _ratio(value, baseline), target))

    def milliseconds(self, name: str, value: float, target: str = "") -> None:
        """A latency."""
        self._add(Figure(name, round(value, 2), "ms", target=target))

    def write(self) -> None:
        """Write `results/latest.json`."""
        body = {
            "machine": {"python": platform.python_version(), "system": platform.system()},
            "figures": [asdict(figure) for figure in self.all],
        }
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(body, indent=2) + "\n")

    def _add(self, figure: Figure) -> None:
        self.all.append(figure)
        against = f"  {figure.ratio:.2f}x of {figure.baseline:,.0f}" if figure.ratio is not None else ""
        target = f"  (target {figure.target})" if figure.target else ""
        print(f"{figure.name:<44} {figure.value:>10,.1f} {figure.unit:<4}{against}{target}", flush=True)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _ratio(value: float, baseline: float | None) -> float | None:
    return round(value / baseline, 2) if baseline else None
