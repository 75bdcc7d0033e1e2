"""Running a service's `work` process.

from services.chassis.nameko.green import go_green   # in __main__, before any other import
go_green()
...
run_worker("loyalty", subscriptions, timers, WorkerConfig(amqp_uri))
"""

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import eventlet
import structlog
from nameko.runners import ServiceRunner

from services.chassis.events.dead_letters import watch_dead
from services.chassis.events.declarations import (
    DEFAULT_RETRIES,
    RetryPolicy,
    Subscription,
    Timer,
    unhandled,
)
from services.chassis.events.topology import main_queue
from services.chassis.nameko.entrypoint import EventEntrypoint
from services.chassis.nameko.green import refuse_grpc
from services.chassis.nameko.timers import TimerEntrypoint

_TURN = 0.2  # seconds: how soon a signal or a death is noticed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WorkerConfig:
    """What a work process is told. `grace` is how many seconds a stop waits for handlers to end."""

    amqp_uri: str
    retries: RetryPolicy = DEFAULT_RETRIES
    grace: float = 25.0


class Worker:
    """A service's handlers and timers, each in a nameko container of its own.

    So each handler has its own workers, prefetch and connection, and a slow one holds up no other.
    """

    def __init__(self, runner: Any, config: WorkerConfig) -> None:  # noqa: ANN401 - nameko has no types
        self._runner, self._config = runner, config

    def start(self) -> None:
        """Begin. Returns at once, also while the broker is down: see `ready`."""
        self._runner.start()

    def ready(self) -> bool:
        """Whether every queue is declared and consumed."""
        return all(entrypoint.consuming for entrypoint in self._entrypoints())

    def wait(self) -> None:
        """Wait for the end. Raises what a container died of."""
        self._runner.wait()

    def stop(self) -> None:
        """End: what is in hand is finished within `grace` seconds, what is not goes back to the broker."""
        with eventlet.Timeout(self._config.grace, exception=False):
            self._runner.stop()
            return
        log.warning("handlers did not end in time; their events will be delivered again")
        self._runner.kill()

    def _entrypoints(self) -> list[EventEntrypoint]:
        found = [entry for container in self._runner.containers for entry in container.entrypoints]
        return [entry for entry in found if isinstance(entry, EventEntrypoint)]


def build_worker(
    service: str, subscriptions: Sequence[Subscription], timers: Sequence[Timer], config: WorkerConfig
) -> Worker:
    """The work process of a service, not started. Raises ValueError for a declaration without code."""
    _check(subscriptions, timers)
    runner = ServiceRunner({})
    timers = [*timers, _dead_letter_alarm(service, subscriptions, config)]
    for subscription in subscriptions:
        entrypoint = EventEntrypoint.decorator(service, subscription, config.retries)
        _add(runner, f"{service}.{subscription.handler}", entrypoint, config, subscription.workers)
    for timer in timers:
        _add(runner, f"{service}.timer.{timer.name}", TimerEntrypoint.decorator(timer), config, 1)
    return Worker(runner, config)


def run_worker(
    service: str,
    subscriptions: Sequence[Subscription],
    timers: Sequence[Timer],
    config: WorkerConfig,
    expose: Callable[[Callable[[], bool]], None] | None = None,
) -> None:
    """Run the work process until SIGTERM or SIGINT, which end it gracefully.

    `expose` is called once, before the start, with the readiness callable: give it to the ops server.
    Raises what a container died of, so that the process ends with an error and its supervisor acts.
    """
    refuse_grpc()
    worker = build_worker(service, subscriptions, timers, config)
    if expose is not None:
        expose(worker.ready)
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: asked.append(got))
    worker.start()
    log.info("working", handlers=len(subscriptions), timers=len(timers))
    life = eventlet.spawn(worker.wait)
    # A signal does not wake eventlet's hub, so look for one: at most 0.2 s go by.
    while not asked and not life.dead:
        eventlet.sleep(_TURN)
    if asked:
        log.info("stopping", signal=signal.Signals(asked[0]).name)
        worker.stop()
    life.wait()
    log.info("stopped")


def _dead_letter_alarm(service: str, subscriptions: Sequence[Subscription], config: WorkerConfig) -> Timer:
    queues = [main_queue(service, subscription.handler) for subscription in subscriptions]
    return Timer("dead_letters", 15.0, partial(watch_dead, config.amqp_uri, queues), time_limit=10.0)


def _add(
    runner: Any,  # noqa: ANN401 - nameko has no types
    name: str,
    entrypoint: Callable[[Callable[..., None]], Any],
    config: WorkerConfig,
    workers: int,
) -> None:
    def work(_service: object, entry: EventEntrypoint, message: object) -> None:
        entry.work(message)

    # Nameko builds a container from a class and finds its entrypoints on the methods.
    service_class = type("Service", (), {"name": name, "work": entrypoint(work)})
    settings = {"AMQP_URI": config.amqp_uri, "max_workers": workers}
    runner.service_map[name] = runner.container_cls(service_class, settings)


def _check(subscriptions: Sequence[Subscription], timers: Sequence[Timer]) -> None:
    unbound = [s.handler for s in subscriptions if s.handle is unhandled]
    if unbound:
        raise ValueError(f"handlers without code: {', '.join(unbound)} (use Subscription.handled_by)")
    names = [s.handler for s in subscriptions] + [f"timer.{timer.name}" for timer in timers]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"names used twice: {', '.join(twice)}")
