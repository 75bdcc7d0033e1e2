"""The `relay` process: one thread per outbox, ended by SIGTERM."""

import signal
import threading
from collections.abc import Callable, Sequence

import structlog

from services.chassis.events.relay import DEFAULT_SETTINGS, OutboxRelay, OutboxSource, RelaySettings

_LONGEST_END = 12.0  # seconds: a batch in hand waits at most 5 s for the broker

log = structlog.get_logger(__name__)


class RelayProcess:
    """The relays of several outboxes."""

    def __init__(
        self, sources: Sequence[OutboxSource], amqp_uri: str, settings: RelaySettings = DEFAULT_SETTINGS
    ) -> None:
        self.stopping = threading.Event()
        self._relays = [OutboxRelay(source, amqp_uri, settings, self.stopping) for source in sources]
        self._threads = [threading.Thread(target=relay.run, daemon=True) for relay in self._relays]

    def start(self) -> None:
        """Begin to relay."""
        for thread in self._threads:
            thread.start()

    def ready(self) -> bool:
        """Whether each relay leads or stands by, with database and broker at hand."""
        return all(relay.healthy for relay in self._relays)

    def stop(self) -> None:
        """End: batches in hand are finished."""
        self.stopping.set()
        for thread in self._threads:
            thread.join(_LONGEST_END)


def run_relay(
    sources: Sequence[OutboxSource],
    amqp_uri: str,
    settings: RelaySettings = DEFAULT_SETTINGS,
    expose: Callable[[Callable[[], bool]], None] | None = None,
) -> None:
    """Relay until SIGTERM or SIGINT.

    `expose` is called once, before the start, with the readiness callable: give it to the ops server.
    """
    process = RelayProcess(sources, amqp_uri, settings)
    if expose is not None:
        expose(process.ready)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _got, _frame: process.stopping.set())
    process.start()
    log.info("relaying", outboxes=len(sources))
    process.stopping.wait()
    process.stop()
    log.info("stopped")
