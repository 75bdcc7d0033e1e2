"""Starts a supervisor apart from the terminal and waits for its verdict."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from deploy.local.home import REPOSITORY, Home, write_private
from deploy.local.plan import Plan
from deploy.local.problems import PartFailedError, StackError
from deploy.local.state import Phase, StackState, read_state
from deploy.local.supervisor.child import tail

POLL_SECONDS = 0.05
SUPERVISOR_LOG = "supervisor"


def launch(home: Home, plan: Plan, python: str) -> subprocess.Popen[bytes]:
    """Write the plan and start its supervisor, in a session of its own, tied to us by its standard input."""
    write_private(home.plan_file, json.dumps(plan.to_json(), indent=1))
    home.state_file.unlink(missing_ok=True)
    with home.log_of(SUPERVISOR_LOG).open("ab") as log:
        return subprocess.Popen(  # noqa: S603 - our own module
            [python, "-m", "deploy.local.supervisor", "--home", str(home.root), "--attached"],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def wait_until_up(
    home: Home,
    process: subprocess.Popen[bytes],
    watch: Callable[[StackState], None] = lambda _: None,
) -> StackState:
    """Return the state once everything is ready; `watch` sees every step. Raises PartFailedError.

    There is no time limit of its own: each part has one.
    """
    while True:
        ended = process.poll() is not None
        state = read_state(home)
        if state is not None:
            watch(state)
            if state.phase is Phase.UP:
                return state
            if state.phase is Phase.FAILED and state.failure is not None:
                process.wait()
                failure = state.failure
                log = Path(failure.log) if failure.log else None
                raise PartFailedError(failure.part, failure.reason, log, failure.tail)
        if ended:
            log = home.log_of(SUPERVISOR_LOG)
            reason = f"the supervisor ended with code {process.returncode}"
            raise PartFailedError(SUPERVISOR_LOG, reason, log, tail(log)) from StackError(reason)
        time.sleep(POLL_SECONDS)
