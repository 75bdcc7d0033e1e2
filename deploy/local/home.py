"""The one folder that holds everything a local stack writes."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Home:
    """Where a stack keeps its data, logs and run files. Deleting `root` is a full reset."""

    root: Path

    @classmethod
    def default(cls) -> "Home":
        """`AFTERCARE_HOME`, else `.aftercare` in the checkout."""
        return cls(Path(os.environ.get("AFTERCARE_HOME") or REPOSITORY / ".aftercare").resolve())

    @property
    def data(self) -> Path:
        """Database and broker files."""
        return self.root / "data"

    @property
    def logs(self) -> Path:
        """One `<part>.log` a part, and one older `.log.1`."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """State, plan and locks of the running stack."""
        return self.root / "run"

    @property
    def state_file(self) -> Path:
        """What the supervisor last reported; readable by its owner only, since it holds credentials."""
        return self.run / "state.json"

    @property
    def plan_file(self) -> Path:
        """What the supervisor was asked to run; readable by its owner only."""
        return self.run / "plan.json"

    @property
    def identity_file(self) -> Path:
        """Node name and credentials, made once a home; readable by its owner only."""
        return self.root / "identity.json"

    def log_of(self, part: str) -> Path:
        """The log that is being written for one part."""
        return self.logs / f"{part}.log"

    def make(self) -> None:
        """Create the folders. Raises OSError where that is not allowed."""
        for folder in (self.root, self.data, self.logs, self.run):
            folder.mkdir(parents=True, exist_ok=True)
        self.root.chmod(0o700)


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only: a reader sees the old or the new text."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w") as file:
        file.write(text)
    Path(name).replace(path)
