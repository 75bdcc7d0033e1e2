"""Reading the envelope that an event travels in, and what is inside it."""

from typing import Any, TypeVar

from google.protobuf.message import DecodeError, Message

from aftercare.common.v1.event_pb2 import EventEnvelope

CONTENT_TYPE = "application/x-protobuf"

Payload = TypeVar("Payload", bound=Message)


class UndecodableEventError(Exception):
    """The bytes are not an event we can read. No retry will change that: the event is dead at once."""


def body_of(message: Any) -> bytes:  # noqa: ANN401 - py-amqp has no types
    """A received message's body; py-amqp makes text of an empty one."""
    return message.body if isinstance(message.body, bytes) else str(message.body).encode()


def decode_envelope(body: bytes) -> EventEnvelope:
    """The envelope in a message's body. Raises UndecodableEventError."""
    try:
        envelope = EventEnvelope.FromString(body)
    except DecodeError as error:
        raise UndecodableEventError(f"not an EventEnvelope: {error}") from error
    # Protobuf reads many a random byte string as an empty message, so look for what is always there.
    if not (envelope.event_id and envelope.type and envelope.schema):
        raise UndecodableEventError("not an EventEnvelope: event_id, type or schema is empty")
    return envelope


def unpack(envelope: EventEnvelope, payload: type[Payload]) -> Payload:
    """The payload of an envelope, which must be of that type. Raises UndecodableEventError."""
    wanted = payload.DESCRIPTOR.full_name
    if envelope.schema != wanted:
        raise UndecodableEventError(f"event {envelope.type} carries {envelope.schema}, not {wanted}")
    try:
        return payload.FromString(envelope.payload)
    except DecodeError as error:
        raise UndecodableEventError(f"not a {wanted}: {error}") from error
