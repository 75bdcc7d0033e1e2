"""`python -m services.loyalty serve | work | relay | migrate`: one verb, one process."""

import sys

USAGE = "usage: python -m services.loyalty serve | work | relay | migrate\n"
EX_USAGE = 64


def main(arguments: list[str]) -> int:
    """Run the verb; an unknown one prints the usage."""
    if len(arguments) != 1 or arguments[0] not in {"serve", "work", "relay", "migrate"}:
        sys.stderr.write(USAGE)
        return EX_USAGE
    if arguments[0] == "work":
        from services.chassis.nameko.green import go_green  # noqa: PLC0415 - patches before anything is loaded

        go_green()
    from services.loyalty import bootstrap  # noqa: PLC0415 - after the patch

    run = {
        "serve": bootstrap.serve,
        "work": bootstrap.work,
        "relay": bootstrap.relay,
        "migrate": bootstrap.migrate,
    }
    run[arguments[0]]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
