"""Events that could not be handled: seeing them, and sending them round again.

Queues are named by their main queue (`aftercare.<service>.<handler>`); the dead lie in `<queue>.dead`.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from amqp.exceptions import NotFound

from services.chassis.events.connections import BROKER_ERRORS, connected, open_channel
from services.chassis.events.envelopes import UndecodableEventError, body_of, decode_envelope
from services.chassis.events.publisher import ConfirmedPublisher, Outgoing
from services.chassis.events.topology import dead_queue
from services.chassis.events.verdicts import ERROR, FIRST_FAILED, failures
from services.chassis.metrics import DEAD_LETTERS

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead event. `first_failed` is ISO 8601, empty when the broker gave it up without our saying why."""

    event_id: str
    type: str
    attempts: int
    error: str
    first_failed: str


@dataclass(frozen=True, slots=True)
class DeadQueue:
    """A queue's dead: how many there are and the first of them."""

    queue: str
    count: int
    letters: tuple[DeadLetter, ...]


def list_dead(amqp_uri: str, queues: Iterable[str], limit: int = 100) -> list[DeadQueue]:
    """The dead of these queues, at most `limit` letters each; a queue that does not exist is left out.

    The letters are looked at, not taken: they are back in the queue a moment after this returns. Raises
    one of BROKER_ERRORS.
    """
    found = []
    with connected(amqp_uri) as connection:
        for queue in queues:
            try:
                with _dead_of(connection, queue) as (channel, count):
                    letters = tuple(_letter(message) for message in _take(channel, queue, min(count, limit)))
            except NotFound:
                continue
            found.append(DeadQueue(queue, count, letters))
    return found


def replay(amqp_uri: str, queue: str, event_id: str | None = None) -> int:
    """Send the dead of a queue, all or one event, to its handler again with a fresh count of attempts.

    A letter leaves the dead only when the broker has confirmed its copy in the main queue, so a crash
    here doubles an event at worst. Returns how many went. Raises LookupError when there is no such queue,
    or one of BROKER_ERRORS.
    """
    moved = 0
    with connected(amqp_uri) as connection:
        publisher = ConfirmedPublisher(connection)
        try:
            with _dead_of(connection, queue) as (channel, count):
                # Only those that lie here now: one that dies again meanwhile is not sent in circles.
                for message in _take(channel, queue, count):
                    if event_id not in (None, _letter(message).event_id):
                        continue
                    if publisher.publish([_copy(message, queue)]):
                        raise LookupError(f"the queue {queue} does not exist; its dead stay where they are")
                    channel.basic_ack(message.delivery_tag)
                    moved += 1
        except NotFound as error:
            raise LookupError(f"the queue {dead_queue(queue)} does not exist") from error
    return moved


def watch_dead(amqp_uri: str, queues: Iterable[str]) -> None:
    """Show the counts to Prometheus and raise an alarm for each queue that has dead. A timer calls it."""
    try:
        counted = list_dead(amqp_uri, queues, limit=0)
    except BROKER_ERRORS:
        return  # the consumers tell that the broker is away
    for found in counted:
        DEAD_LETTERS.labels(found.queue).set(found.count)
        if found.count:
            log.warning("ALARM there are dead letters", queue=found.queue, count=found.count)


@contextmanager
def _dead_of(connection: Any, queue: str) -> Iterator[tuple[Any, int]]:  # noqa: ANN401 - py-amqp has no types
    """A channel and the count of the dead. What is not acknowledged when it closes stays in the queue."""
    channel = open_channel(connection)
    count = channel.queue_declare(dead_queue(queue), passive=True).message_count
    yield channel, count
    channel.close()


def _take(channel: Any, queue: str, count: int) -> Iterator[Any]:  # noqa: ANN401 - py-amqp has no types
    for _ in range(count):
        message = channel.basic_get(dead_queue(queue))
        if message is None:
            return
        yield message


def _copy(message: Any, queue: str) -> Outgoing:  # noqa: ANN401 - py-amqp has no types
    identity = message.properties.get("message_id") or f"letter-{message.delivery_tag}"
    return Outgoing(identity, "", queue, body_of(message))


def _letter(message: Any) -> DeadLetter:  # noqa: ANN401 - py-amqp has no types
    headers = dict(message.headers or {})
    identity, kind = str(message.properties.get("message_id", "")), "unreadable"
    try:
        envelope = decode_envelope(body_of(message))
        identity, kind = envelope.event_id, envelope.type
    except UndecodableEventError:
        pass  # that is why it is here
    return DeadLetter(
        event_id=identity,
        type=kind,
        attempts=failures(headers),
        error=str(headers.get(ERROR) or _broker_reason(headers)),
        first_failed=str(headers.get(FIRST_FAILED, "")),
    )


def _broker_reason(headers: dict[str, Any]) -> str:
    reason = headers.get("x-first-death-reason", "unknown")
    if reason == "delivery_limit":
        return "its handler ended the process, or its deliveries were never settled (delivery limit)"
    return json.dumps({"reason": str(reason)})
