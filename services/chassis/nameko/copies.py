"""Moving an event to a retry or dead-letter queue: a confirmed copy first, then the acknowledgement."""

import threading

import eventlet
import structlog

from services.chassis.events.connections import BROKER_ERRORS, IO_SECONDS, abandon, connect
from services.chassis.events.publisher import ConfirmedPublisher, Outgoing

_LONGEST_PAUSE = 5.0

log = structlog.get_logger(__name__)


class CopyPublisher:
    """Publishes copies of one consumer's events on a connection opened when first needed."""

    def __init__(self, amqp_uri: str) -> None:
        self._amqp_uri = amqp_uri
        self._lock = threading.Lock()
        self._publisher: ConfirmedPublisher | None = None
        self._connection: object = None

    def publish(self, copy: Outgoing, give_up: threading.Event) -> bool:
        """Publish until the broker has it; False when `give_up` came first.

        It waits on purpose: while no copy can be made, the event keeps its place and the queue is not
        drained any further.
        """
        pause = 0.2
        while not give_up.is_set():
            try:
                if not self._try(copy):
                    return True
                reason = "no queue of that name"
            except BROKER_ERRORS as error:
                reason = str(error) or type(error).__name__
            log.warning("event could not be moved", to=copy.routing_key, event_id=copy.id, reason=reason)
            give_up.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return False

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            abandon(self._connection)
            self._connection = self._publisher = None

    def _try(self, copy: Outgoing) -> frozenset[str]:
        with self._lock:
            try:
                # Socket time limits do not bind green sockets' writes, so the whole exchange has one.
                with eventlet.Timeout(2 * IO_SECONDS, TimeoutError("the broker does not answer")):
                    return self._open().publish([copy])
            except BaseException:
                self.close()
                raise

    def _open(self) -> ConfirmedPublisher:
        if self._publisher is None:
            # No heartbeat: nothing reads this connection between copies. A dead one is found by the next.
            self._connection = connect(self._amqp_uri, heartbeat=0)
            self._publisher = ConfirmedPublisher(self._connection)
        return self._publisher
