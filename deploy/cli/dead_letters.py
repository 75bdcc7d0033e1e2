"""`aftercare dead-letters`: see the events that could not be handled, and send them round again."""

import importlib
import importlib.util
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table

from services.chassis.events.connections import BROKER_ERRORS, address
from services.chassis.events.dead_letters import DeadQueue, list_dead, replay
from services.chassis.events.topology import main_queue

_SERVICES = ("loyalty", "returns", "refunds", "gateway")
_DEFAULT_URI = "amqp://guest:guest@127.0.0.1:5672/"
# What is told in one line instead of a traceback.
_TOLD: tuple[type[Exception], ...] = (LookupError, *BROKER_ERRORS)

app = typer.Typer(help="Events that could not be handled.", no_args_is_help=True)

Result = TypeVar("Result")
AmqpUri = Annotated[str, typer.Option("--amqp-uri", envvar="AMQP_URI", help="The broker.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Queues = Annotated[
    list[str] | None,
    typer.Option("--queue", help="A handler's queue, aftercare.<service>.<handler>; default: all."),
]


@app.command("list")
def list_command(
    queue: Queues = None,
    amqp_uri: AmqpUri = _DEFAULT_URI,
    limit: Annotated[int, typer.Option(min=0, help="Letters shown per queue.")] = 100,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flag
) -> None:
    """Show the dead letters of every handler."""
    found = _or_exit(amqp_uri, lambda: list_dead(amqp_uri, queue or known_queues(), limit))
    if as_json:
        typer.echo(json.dumps([asdict(each) for each in found], indent=2))
    else:
        _show([each for each in found if each.count])


@app.command("replay")
def replay_command(
    queue: Queues = None,
    event_id: Annotated[str | None, typer.Option("--event", help="Only this event.")] = None,
    amqp_uri: AmqpUri = _DEFAULT_URI,
    as_json: AsJson = False,  # noqa: FBT002 - typer's flag
) -> None:
    """Send dead letters to their handlers again; what fails again comes back here."""

    def send() -> dict[str, int]:
        existing = [found.queue for found in list_dead(amqp_uri, queue or known_queues(), limit=0)]
        return {name: replay(amqp_uri, name, event_id) for name in existing}

    moved = {name: count for name, count in _or_exit(amqp_uri, send).items() if count}
    if as_json:
        typer.echo(json.dumps({"replayed": moved}))
        return
    for name, count in moved.items():
        typer.echo(f"{name}: {count} sent again")
    if not moved:
        typer.echo("nothing to send again")


def known_queues() -> list[str]:
    """The queues of all handlers: `SUBSCRIPTIONS` in each service's `entrypoints.events.handlers.py`."""
    names = []
    for service in _SERVICES:
        module = f"services.{service}.entrypoints.events.handlers"
        if not _exists(module):
            continue  # a service that handles no events
        declared = importlib.import_module(module).SUBSCRIPTIONS
        names += [main_queue(service, subscription.handler) for subscription in declared]
    return names


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # a parent package is missing
        return False


def _or_exit(amqp_uri: str, call: Callable[[], Result]) -> Result:
    try:
        return call()
    except _TOLD as error:
        reason = str(error) or type(error).__name__
        typer.echo(f"dead letters at broker {address(amqp_uri)}: {reason}", err=True)
        raise typer.Exit(1) from error


def _show(found: list[DeadQueue]) -> None:
    if not found:
        typer.echo("no dead letters")
        return
    table = Table("queue", "event", "type", "attempts", "first failed", "error")
    for each in found:
        for letter in each.letters:
            row = (letter.event_id, letter.type, str(letter.attempts), letter.first_failed, letter.error)
            table.add_row(each.queue, *row)
    Console().print(table)
    typer.echo(f"{sum(each.count for each in found)} dead letters")
