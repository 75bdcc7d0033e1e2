"""Connections to the broker on which no call waits without a bound."""

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

import amqp
from amqp.exceptions import AMQPError

CONNECT_SECONDS = 3.0
IO_SECONDS = 5.0
# The broker beats every half of it, and each frame that comes begins a read's time anew: with less than twice
# the time limit of a read, a broker that does nothing but beat would be waited for without end.
HEARTBEAT_SECONDS = 20

# What a lost, refused or silent broker raises; TimeoutError is an OSError.
BROKER_ERRORS: tuple[type[Exception], ...] = (AMQPError, OSError)


def connect(amqp_uri: str, *, heartbeat: int = HEARTBEAT_SECONDS) -> Any:  # noqa: ANN401 - py-amqp has no types
    """An open py-amqp connection. Raises one of BROKER_ERRORS, after 3 s at the latest.

    py-amqp's own confirms are off (it would wait for each message): `ConfirmedPublisher` counts them.
    """
    parts = urlsplit(amqp_uri)
    connection = amqp.Connection(
        host=f"{parts.hostname or 'localhost'}:{parts.port or (5671 if parts.scheme == 'amqps' else 5672)}",
        userid=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        virtual_host=unquote(parts.path[1:]) or "/",
        ssl=parts.scheme == "amqps",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=IO_SECONDS,
        write_timeout=IO_SECONDS,
        heartbeat=heartbeat,
        confirm_publish=False,
    )
    connection.connect()
    return connection


def open_channel(connection: Any) -> Any:  # noqa: ANN401 - py-amqp has no types
    """A channel that hands over bodies as the bytes they are."""
    channel = connection.channel()
    channel.auto_decode = False  # py-amqp would turn a body with a content encoding into text
    return channel


def abandon(connection: Any) -> None:  # noqa: ANN401 - py-amqp has no types
    """Drop a connection without a word to the broker, which may never answer one (seen after its restart).

    The broker takes back what was not acknowledged.
    """
    # A half-open connection fails in more ways than BROKER_ERRORS, and none of them matters any more.
    with contextlib.suppress(Exception):
        connection.collect()


@contextlib.contextmanager
def connected(amqp_uri: str) -> Iterator[Any]:
    """A connection for one short errand, closed in good order, or dropped when the errand failed."""
    connection = connect(amqp_uri)
    try:
        yield connection
        connection.close()
    finally:
        abandon(connection)


def address(amqp_uri: str) -> str:
    """Host and port of a broker, fit for a log line."""
    parts = urlsplit(amqp_uri)
    return f"{parts.hostname or 'localhost'}:{parts.port or 5672}"
