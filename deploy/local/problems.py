"""What can go wrong with a local stack, in words a person can act on."""

from pathlib import Path


class StackError(Exception):
    """The stack could not do what was asked; the text says which part, why, and what to do."""


class PreflightError(StackError):
    """This machine cannot run the stack as it is; every problem found is listed."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


class PortTakenError(StackError):
    """A port that was asked for by name is in use."""

    def __init__(self, part: str, port: int, variable: str) -> None:
        self.part, self.port, self.variable = part, port, variable
        super().__init__(
            f"port {port} for {part} is in use: free it, or set {variable} to another port "
            f"(unset {variable} to let a free one be chosen)"
        )


class PartFailedError(StackError):
    """A part did not become ready."""

    def __init__(self, part: str, reason: str, log: Path | None, tail: list[str]) -> None:
        self.part, self.reason, self.log, self.tail = part, reason, log, tail
        lines = [f"{part} did not start: {reason}"]
        if tail:
            lines += ["last lines of its log:", *(f"  {line}" for line in tail)]
        if log is not None:
            lines.append(f"full log: {log}")
        super().__init__("\n".join(lines))
