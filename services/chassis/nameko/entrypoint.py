"""Our own nameko entrypoint: no event is lost, spins or blocks others, whatever its handler does.

Nameko's event handler acknowledges an event whose handler raised, or requeues it without delay or end.
Here a failing event waits in a retry queue, comes back a bounded number of times and then lies in the
dead-letter queue with its error.
"""

import threading
from functools import partial
from typing import Any

import eventlet
import structlog
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint

from services.chassis.events import topology
from services.chassis.events.connections import BROKER_ERRORS, abandon, address, connect, open_channel
from services.chassis.events.declarations import RetryPolicy, Subscription
from services.chassis.nameko.copies import CopyPublisher
from services.chassis.nameko.delivery import Delivery

_ANSWER_SECONDS = 8.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.2, 2.0
_TURN = 0.25  # seconds: how soon a stop is noticed

log = structlog.get_logger(__name__)


class EventEntrypoint(Entrypoint):  # type: ignore[misc] # nameko has no types
    """Consumes the queue of one subscription and runs its handler in the container's workers."""

    def __init__(self, service: str, subscription: Subscription, policy: RetryPolicy) -> None:
        super().__init__()
        self.service, self.subscription, self.policy = service, subscription, policy
        self.queue = topology.main_queue(service, subscription.handler)
        self.consuming = False
        self.stopping = threading.Event()
        self._in_flight = 0

    def setup(self) -> None:
        """Called by nameko: nothing here touches the broker, which may be down."""
        self._amqp_uri = self.container.config["AMQP_URI"]
        self._copies = CopyPublisher(self._amqp_uri)
        self.delivery = Delivery(self.queue, self.subscription, self.policy, self._copies, self.stopping)

    def start(self) -> None:
        """Called by nameko: consume from now on, or as soon as the broker answers."""
        self._thread = self.container.spawn_managed_thread(self._run)

    def stop(self) -> None:
        """Called by nameko: take no more events, let those in hand end and be settled."""
        self.stopping.set()
        self._thread.wait()
        self._copies.close()

    def kill(self) -> None:
        """Called by nameko: events in hand go back to the broker."""
        self.stopping.set()
        self._thread.kill()

    def work(self, message: Any) -> None:  # noqa: ANN401 - py-amqp has no types
        """Handle and settle one message, in a worker. Never raises: nameko would end the process."""
        try:
            self.delivery.settle(message)
        except BROKER_ERRORS as error:
            # The connection went while we worked; the broker delivers again and the inbox knows.
            log.warning("event handled but not settled", queue=self.queue, error=str(error))
        finally:
            self._in_flight -= 1

    def _run(self) -> None:
        pause = _SHORTEST_PAUSE
        while not self.stopping.is_set():
            try:
                self._consume()
            except BROKER_ERRORS as error:
                pause = _SHORTEST_PAUSE if self.consuming else min(pause * 2, _LONGEST_PAUSE)
                self.consuming = False
                log.warning(
                    "broker lost or not reachable, trying again",
                    broker=address(self._amqp_uri),
                    queue=self.queue,
                    error=str(error) or type(error).__name__,
                    retry_in=pause,
                )
                self.stopping.wait(pause)

    def _consume(self) -> None:
        connection = connect(self._amqp_uri)
        try:
            # Green sockets have no time limits of their own, and a broker that has just restarted may
            # leave a declaration unanswered for ever.
            with eventlet.Timeout(_ANSWER_SECONDS, TimeoutError("no answer while setting up")):
                channel, tag = self._set_up(connection)
            self.consuming = True
            log.info("consuming", queue=self.queue)
            while not self.stopping.is_set():
                _turn(connection)
            channel.basic_cancel(tag)
            while self._in_flight:
                _turn(connection)
            # In good order, so that the broker has read every acknowledgement.
            with eventlet.Timeout(_ANSWER_SECONDS, exception=False):
                connection.close()
        finally:
            abandon(connection)

    def _set_up(self, connection: Any) -> tuple[Any, str]:  # noqa: ANN401 - py-amqp has no types
        topology.declare_subscription(connection, self.service, self.subscription, self.policy)
        channel = open_channel(connection)
        channel.basic_qos(0, self.container.max_workers, a_global=False)
        return channel, channel.basic_consume(self.queue, callback=self._received)

    def _received(self, message: Any) -> None:  # noqa: ANN401 - py-amqp has no types
        self._in_flight += 1
        # Not spawned here: it waits for a free worker, and this thread has heartbeats to send.
        self.container.spawn_managed_thread(partial(self._spawn, message), identifier=self.queue)

    def _spawn(self, message: Any) -> None:  # noqa: ANN401 - py-amqp has no types
        try:
            self.container.spawn_worker(self, (self, message), {})
        except ContainerBeingKilled:  # unsettled, so the broker takes it back
            self._in_flight -= 1


def _turn(connection: Any) -> None:  # noqa: ANN401 - py-amqp has no types
    try:
        connection.drain_events(timeout=_TURN)
    except TimeoutError:
        connection.heartbeat_tick()
