"""`python -m services.refunds serve | work | relay | migrate`: one verb, one process."""

import sys

if sys.argv[1:] == ["work"]:
    from services.chassis.nameko.green import go_green

    go_green()  # before anything else is loaded

from services.chassis import processes


def _verbs() -> processes.Verbs:
    from services.refunds import bootstrap  # noqa: PLC0415 - only for a verb that exists

    return {
        "serve": bootstrap.serve,
        "work": bootstrap.work,
        "relay": bootstrap.relay,
        "migrate": bootstrap.migrate,
    }


if __name__ == "__main__":
    raise SystemExit(processes.main("refunds", sys.argv[1:], _verbs))
