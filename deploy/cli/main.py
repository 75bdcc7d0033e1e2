"""`aftercare`: everything one does with the local stack, on one command."""

import sys

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

# Loaded for these words only: the broker's client would double the time of every other command.
_WORDS_FOR_DEAD_LETTERS: tuple[list[str], ...] = ([], ["-h"], ["--help"], ["dead-letters"])


def main() -> None:
    """The console script."""
    if sys.argv[1:2] in _WORDS_FOR_DEAD_LETTERS:
        from deploy.cli import dead_letters  # noqa: PLC0415 - see above

        app.add_typer(dead_letters.app, name="dead-letters")
    app()


if __name__ == "__main__":
    main()
