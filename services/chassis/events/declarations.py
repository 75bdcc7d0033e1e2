"""What a service says about its `work` process: which events it handles and what it does by the clock."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from aftercare.common.v1.event_pb2 import EventEnvelope

if TYPE_CHECKING:
    from services.chassis.mongo.leases import Lease

Handle = Callable[[EventEnvelope], None]


def unhandled(envelope: EventEnvelope) -> None:
    """Stands in a declaration that nobody has bound to its code yet; `build_worker` refuses it."""
    raise NotImplementedError(f"no code is bound to {envelope.type}")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One handler of one service and the events of one source service it wants.

    `event_types` are topics such as `points.earned`; AMQP patterns (`return.*`, `#`) are allowed.
    `handler` names the queue for ever, so it is never renamed without moving what the old one holds.
    `ordered` means one event at a time over all processes, in the order of the outbox, also through
    retries: they block the queue, so use it only where effects are not free of order.
    `time_limit` is in seconds. `max_workers` events are handled at once in a process (1 when ordered).
    """

    source: str
    event_types: tuple[str, ...]
    handler: str
    ordered: bool = False
    time_limit: float = 30.0
    max_workers: int = 10
    handle: Handle = field(default=unhandled, repr=False, compare=False)

    def handled_by(self, handle: Handle) -> "Subscription":
        """The same subscription, bound to its code. The declaration stays free of it for `migrate`."""
        return replace(self, handle=handle)

    @property
    def workers(self) -> int:
        """How many events one process handles at once."""
        return 1 if self.ordered else self.max_workers


@dataclass(frozen=True, slots=True)
class Timer:
    """Something done every so often: never twice at once in a process, never in step with other processes.

    Seconds throughout. With a `lease` only one process of all does it at a time; without one `run` itself
    claims its work. An exception is logged and the next turn comes as usual.
    """

    name: str
    every_seconds: float
    run: Callable[[], None] = field(repr=False, compare=False)
    time_limit: float = 60.0
    lease: "Lease | None" = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a failing event is tried again, and after how many seconds each time, before it is dead.

    `delivery_limit` is the broker's own count of deliveries that were neither settled nor refused: it
    catches handlers that kill their process. Innocent prefetched events of a killed process count too,
    hence 20 and not 3. Both are arguments of queues that exist: a change needs new queue names.
    """

    delays: tuple[float, ...] = (1.0, 10.0, 60.0)
    delivery_limit: int = 20


DEFAULT_RETRIES = RetryPolicy()
