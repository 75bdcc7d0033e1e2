"""`aftercare`: everything one does with the local stack, on one command."""

import importlib.util

import typer

from deploy.cli import demo, stack
from deploy.cli.exits import EPILOG

app = typer.Typer(
    name="aftercare",
    help="Aftercare on this machine: real MongoDB and RabbitMQ, stand-ins for the world, every service.",
    epilog=EPILOG,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (stack.up, stack.down, stack.status, stack.logs, stack.reset, demo.demo):
    app.command(epilog=EPILOG)(command)

if importlib.util.find_spec("deploy.cli.dead_letters") is not None:
    from deploy.cli import dead_letters

    app.add_typer(dead_letters.app, name="dead-letters")


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
