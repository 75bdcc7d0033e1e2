"""Publishing that knows what the broker took."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import amqp

from services.chassis.events.connections import IO_SECONDS, open_channel
from services.chassis.events.envelopes import CONTENT_TYPE


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. `id` is unique within its batch; for an event it is the event's id."""

    id: str
    exchange: str
    routing_key: str
    body: bytes
    headers: Mapping[str, object] = field(default_factory=dict)


class ConfirmedPublisher:
    """Publishes batches on a channel of its own, persistent, mandatory and confirmed.

    Not for two threads at once. After an exception its connection is spent.
    """

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - py-amqp has no types
        self._connection = connection
        self._channel = open_channel(connection)
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._on_ack)
        self._channel.events["basic_nack"].add(self._on_nack)
        self._channel.events["basic_return"].add(self._on_return)
        self._last_tag = 0
        self._waiting: dict[int, str] = {}
        self._refused: set[str] = set()

    def publish(self, batch: Sequence[Outgoing]) -> frozenset[str]:
        """The ids of the messages that were returned (no queue wants them) or refused: they are not sent.

        Raises one of BROKER_ERRORS when the broker is lost or silent for 5 s; then nothing is known of
        the batch and all of it is to be sent again.
        """
        self._waiting.clear()
        self._refused = set()
        for message in batch:
            self._channel.basic_publish(
                _persistent(message), message.exchange, message.routing_key, mandatory=True
            )
            self._last_tag += 1
            self._waiting[self._last_tag] = message.id
        self._await_confirms()
        return frozenset(self._refused)

    def _await_confirms(self) -> None:
        # A broker that has just restarted may accept a message for a queue without a leader and never
        # confirm it, while its heartbeats go on: only a limit on the whole wait ends that.
        end = time.monotonic() + IO_SECONDS
        while self._waiting:
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{len(self._waiting)} messages not confirmed within {IO_SECONDS:g} s")
            self._connection.drain_events(timeout=left)

    def _on_ack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp calls it so
        self._settled(tag, multiple=multiple)

    def _on_nack(self, tag: int, multiple: bool) -> None:  # noqa: FBT001 - py-amqp calls it so
        self._refused.update(self._settled(tag, multiple=multiple))

    def _on_return(self, _error: Exception, _exchange: str, _key: str, message: Any) -> None:  # noqa: ANN401
        # A returned message is confirmed as well, a moment later: the confirm alone means nothing.
        self._refused.add(message.properties["message_id"])

    def _settled(self, tag: int, *, multiple: bool) -> list[str]:
        tags = [known for known in self._waiting if known <= tag] if multiple else [tag]
        return [self._waiting.pop(known) for known in tags if known in self._waiting]


def _persistent(message: Outgoing) -> Any:  # noqa: ANN401 - py-amqp has no types
    return amqp.Message(
        message.body,
        content_type=CONTENT_TYPE,
        delivery_mode=2,
        message_id=message.id,
        application_headers=dict(message.headers),
    )
