"""Connections with the settings that were measured (reliability.md 0.8)."""

from typing import Any, TypeAlias, cast

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient, MongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from services.chassis.mongo.blocking import BlockingClient

Document: TypeAlias = dict[str, Any]
Client: TypeAlias = AsyncMongoClient[Document]
DatabaseHandle: TypeAlias = AsyncDatabase[Document]
CollectionHandle: TypeAlias = AsyncCollection[Document]

# A primary that hangs is noticed in seconds, and an acknowledged write survives a fail-over.
_SETTINGS: dict[str, Any] = {
    "w": "majority",
    "journal": True,
    "retryWrites": True,
    "retryReads": True,
    "connectTimeoutMS": 2_000,
    "heartbeatFrequencyMS": 1_000,
    "tz_aware": True,
}
SERVE_SELECTION_MS = 5_000  # a caller waits behind it; the request's own deadline is shorter still
WORK_SELECTION_MS = 15_000  # longer than a fail-over

STORED: CodecOptions[Document] = CodecOptions(tz_aware=True)


def connect(uri: str) -> Client:
    """The client of `serve` and of the gateway."""
    return AsyncMongoClient(uri, serverSelectionTimeoutMS=SERVE_SELECTION_MS, maxPoolSize=64, **_SETTINGS)


def connect_blocking(uri: str) -> Client:
    """The client of `work` and `migrate`, with the same face; its coroutines never suspend."""
    client: MongoClient[Document] = plain(uri)
    return cast("Client", BlockingClient(client))


def plain(uri: str) -> MongoClient[Document]:
    """Blocking pymongo itself, for the relay and for leases."""
    return MongoClient(uri, serverSelectionTimeoutMS=WORK_SELECTION_MS, maxPoolSize=64, **_SETTINGS)
