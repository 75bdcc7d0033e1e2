"""Work by the clock, as a nameko entrypoint."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta

import eventlet
import structlog
from nameko.extensions import Entrypoint

from services.chassis.events import metrics
from services.chassis.events.declarations import Timer
from services.chassis.events.verdicts import HandlerTimeoutError
from services.chassis.mongo.leases import new_owner

_JITTER = 0.1  # of the interval, either way: processes started together drift apart
_LATEST_FIRST_TURN = 5.0

log = structlog.get_logger(__name__)


class TimerEntrypoint(Entrypoint):  # type: ignore[misc] # nameko has no types
    """Runs one timer in a green thread of its own: a turn begins only when the last one is over.

    Nameko's own timer makes up for every missed turn at once, and keeps all processes in step.
    """

    def __init__(self, timer: Timer) -> None:
        super().__init__()
        self.timer = timer
        self._stopping = threading.Event()
        self._owner = new_owner()

    def start(self) -> None:
        """Called by nameko."""
        self._thread = self.container.spawn_managed_thread(self._run, identifier=self.timer.name)

    def stop(self) -> None:
        """Called by nameko: let the present turn end, begin no other."""
        self._stopping.set()
        self._thread.wait()

    def kill(self) -> None:
        """Called by nameko."""
        self._thread.kill()

    def _run(self) -> None:
        # The first turn comes soon, also for a daily timer, or frequent restarts would keep it from running.
        pause = random.uniform(0, min(self.timer.every_seconds, _LATEST_FIRST_TURN))  # noqa: S311 - jitter
        while not self._stopping.wait(pause):
            self._turn()
            pause = self.timer.every_seconds * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 - jitter

    def _turn(self) -> None:
        timer = self.timer
        outcome = "failed"
        try:
            with eventlet.Timeout(timer.time_limit, HandlerTimeoutError(f"over {timer.time_limit:g} s")):
                outcome = "done" if self._alone(timer.run) else "not ours"
        except (Exception, eventlet.Timeout):
            log.exception("timer failed", timer=timer.name)
        metrics.TIMER_RUNS.labels(timer.name, outcome).inc()

    def _alone(self, run: Callable[[], None]) -> bool:
        lease = self.timer.lease
        if lease is None:
            run()
            return True
        name = f"timer.{self.timer.name}"
        # Longer than the time limit: the lease cannot end while the turn still runs.
        if lease.acquire(name, self._owner, timedelta(seconds=self.timer.time_limit + 5)) is None:
            return False
        try:
            run()
        finally:
            lease.release(name, self._owner)
        return True
