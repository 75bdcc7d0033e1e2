"""Brings the parts up in order, keeps them, and takes them down in reverse order."""

import asyncio
import contextlib
import os
from datetime import UTC, datetime

from deploy.local.home import Home
from deploy.local.plan import Plan
from deploy.local.problems import PartFailedError
from deploy.local.state import Failure, PartStatus, Phase, StackState, write_state
from deploy.local.supervisor.child import bound_log, prepare
from deploy.local.supervisor.keeper import Keeper

LOG_CHECK_SECONDS = 5.0


class Supervisor:
    """The parent of every part of one stack."""

    def __init__(self, home: Home, plan: Plan) -> None:
        self._home = home
        self._stop = asyncio.Event()
        self._state = StackState(
            supervisor_pid=os.getpid(),
            started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
            ports=dict(plan.ports),
            urls=dict(plan.urls),
            credentials=dict(plan.credentials),
            environment=dict(plan.environment),
        )
        self.keepers: dict[str, Keeper] = {}
        for part in plan.parts:
            status = PartStatus(port=part.port, log=str(home.log_of(part.name)))
            self._state.parts[part.name] = status
            self.keepers[part.name] = Keeper(part, home, status, self._report)

    def ask_to_stop(self) -> None:
        """Begin to take everything down; safe to call twice."""
        self._stop.set()

    async def run(self) -> int:
        """Run the stack until asked to stop. Returns 0, or 1 when it could not be brought up."""
        for keeper in self.keepers.values():
            prepare(keeper.part, self._home)
        bounding = asyncio.create_task(self._bound_logs())
        tasks = [keeper.begin(self.keepers) for keeper in self.keepers.values()]
        failure = await self._until_up_or_stopped(tasks)
        if failure is None and not self._stop.is_set():
            self._report(Phase.UP)
            await self._stop.wait()
        self._report(Phase.STOPPING)
        await asyncio.gather(*(keeper.stop(self.keepers) for keeper in self.keepers.values()))
        bounding.cancel()
        self._state.failure = failure
        self._report(Phase.DOWN if failure is None else Phase.FAILED)
        return 0 if failure is None else 1

    async def _until_up_or_stopped(self, tasks: list[asyncio.Task[None]]) -> Failure | None:
        up = asyncio.create_task(self._all_ready())
        stop = asyncio.create_task(self._stop.wait())
        kept = set(tasks)
        while not up.done() and not stop.done():
            done, _ = await asyncio.wait({*kept, up, stop}, return_when=asyncio.FIRST_COMPLETED)
            for task in kept & done:
                kept.remove(task)
                if error := task.exception():
                    up.cancel()
                    stop.cancel()
                    return _failure(task.get_name(), error)
        up.cancel()
        stop.cancel()
        return None

    async def _all_ready(self) -> None:
        for keeper in self.keepers.values():
            await keeper.first_ready.wait()

    def _report(self, phase: Phase | None = None) -> None:
        if phase is not None:
            self._state.phase = phase
        write_state(self._home, self._state)

    async def _bound_logs(self) -> None:
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                await asyncio.sleep(LOG_CHECK_SECONDS)
                for log in self._home.logs.glob("*.log"):
                    bound_log(log)


def _failure(part: str, error: BaseException) -> Failure:
    if isinstance(error, PartFailedError):
        return Failure(error.part, error.reason, str(error.log), error.tail)
    return Failure(part, f"{type(error).__name__}: {error}", "", [])
