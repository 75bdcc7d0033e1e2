"""What the commands show: progress while starting, the table of parts, and how to go on."""

from collections.abc import Callable, Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.cli.exits import progress
from deploy.local.ports import Moved, variable_of
from deploy.local.state import PartState, StackState

_GOOD = {PartState.READY, PartState.DONE}
_NAMED_AT_ONCE = 4


class Watcher:
    """Prints each part once, when it is ready, and keeps the rest in the spinner's text."""

    def __init__(self, console: Console, spin: Callable[[str], None]) -> None:
        self._console = console
        self._spin = spin
        self._seen: set[str] = set()

    def see(self, state: StackState) -> None:
        """Show what has changed since the last look."""
        for name, part in state.parts.items():
            if part.state in _GOOD and name not in self._seen:
                self._seen.add(name)
                where = f"127.0.0.1:{part.port}" if part.port else part.state
                self._console.print(f"  [green]✓[/] {name:<16} {part.seconds or 0:5.1f} s  [dim]{where}[/]")
        at_work = [name for name, part in state.parts.items() if part.state is PartState.STARTING]
        more = len(at_work) - _NAMED_AT_ONCE
        names = ", ".join(at_work[:_NAMED_AT_ONCE]) + (f" and {more} more" if more > 0 else "")
        self._spin(f"{len(self._seen)}/{len(state.parts)} ready; starting {names or '…'}")


def show_moved(moved: Iterable[Moved]) -> None:
    """Say which parts did not get their usual port, and how to choose one."""
    for each in moved:
        variable = variable_of(each.part)
        progress.print(f"  port {each.usual} is in use: {each.part} takes {each.port} ({variable} chooses)")


def show_welcome(state: StackState) -> None:
    """Addresses and test credentials."""
    rows = {**state.urls, **{f"{name} key": key for name, key in state.credentials.items()}}
    for name, text in rows.items():
        # One line each, however narrow the terminal: they are there to be copied.
        progress.print(f"  {name:<15} [cyan]{escape(text)}[/]", soft_wrap=True)
    progress.print("[dim]aftercare status | logs | demo | down[/]")


def show_status(state: StackState, health: Mapping[str, str]) -> None:
    """The table of parts, on standard output."""
    table = Table("part", "state", "pid", "port", "restarts", "start", "now")
    for name, part in state.parts.items():
        unwell = health.get(name)
        table.add_row(
            name,
            f"[{'green' if part.state in _GOOD else 'red'}]{part.state}[/]",
            str(part.pid or ""),
            str(part.port or ""),
            str(part.restarts),
            "" if part.seconds is None else f"{part.seconds:.1f} s",
            escape(part.detail or unwell or ("ok" if unwell == "" else "")),
        )
    Console(highlight=False).print(table)
    progress.print(f"stack is {state.phase}, supervisor {state.supervisor_pid}, since {state.started_at}")
    if state.failure is not None:
        progress.print(
            f"[red]{state.failure.part}: {escape(state.failure.reason)}[/], log {state.failure.log}"
        )
