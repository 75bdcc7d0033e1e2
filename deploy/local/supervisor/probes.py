"""Is a part ready? Each probe asks again until the answer is yes."""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.parts.mongo import ELECTION_TIMEOUT_MILLISECONDS, REPLICA_SET
from deploy.local.parts.part import Probe, ProbeKind

INTERVAL_SECONDS = 0.05
ANSWER_SECONDS = 2.0
_NOT_INITIATED = 94
_AMQP_GREETING = b"AMQP\x00\x00\x09\x01"
_AMQP_METHOD_FRAME = b"\x01"


async def until_ready(probe: Probe) -> None:
    """Return when the part is ready; raise TimeoutError with the last answer when it is not in time."""
    last = "no answer"
    try:
        async with asyncio.timeout(probe.timeout_seconds):
            while last := await ask(probe):  # noqa: ASYNC110 - what we wait for is another process
                await asyncio.sleep(INTERVAL_SECONDS)
    except TimeoutError:
        raise TimeoutError(f"not ready after {probe.timeout_seconds:.0f} s ({last})") from None


async def ask(probe: Probe) -> str:
    """Ask once: an empty text means ready, any other says why not."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _PROBES[probe.kind](probe.target)
    except TimeoutError:
        return f"no answer within {ANSWER_SECONDS:.0f} s"
    except (OSError, PyMongoError, EOFError) as error:
        return f"{type(error).__name__}: {error}"


async def _none(_: str) -> str:
    return ""


async def _tcp(target: str) -> str:
    _, writer = await _connect(target)
    writer.close()
    return ""


async def _amqp(target: str) -> str:
    """The broker listens before it serves, so it must also speak."""
    reader, writer = await _connect(target)
    try:
        writer.write(_AMQP_GREETING)
        answer = await reader.readexactly(1)
    finally:
        writer.close()
    return "" if answer == _AMQP_METHOD_FRAME else f"answered {answer!r}"


async def _http(target: str) -> str:
    host, _, path = target.removeprefix("http://").partition("/")
    reader, writer = await _connect(host)
    try:
        writer.write(f"GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        status, _, body = (await reader.read(4096)).decode(errors="replace").partition("\r\n")
    finally:
        writer.close()
    said = body.partition("\r\n\r\n")[2].strip()
    return "" if " 200" in status else f"{status} {said}"


async def _connect(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = target.rpartition(":")
    return await asyncio.open_connection(host, int(port))


async def _mongo(target: str) -> str:
    return await asyncio.to_thread(functools.partial(_primary, target))


def _primary(target: str) -> str:
    """Make the member a replica set of one, under the address it has now, and see it become primary."""
    options: dict[str, Any] = {"directConnection": True, "serverSelectionTimeoutMS": 1500}
    with MongoClient[dict[str, Any]](f"mongodb://{target}", **options) as client:
        hello = client.admin.command("hello")
        if hello.get("isWritablePrimary") and hello.get("me") == target:
            return ""
        try:
            known = client.admin.command("replSetGetConfig")["config"]
        except OperationFailure as error:
            if error.code != _NOT_INITIATED:
                raise
            client.admin.command("replSetInitiate", _configuration(target))
        else:
            if known["members"][0]["host"] != target:
                # The port has moved since the last start.
                moved = {**known, **_configuration(target), "version": known["version"] + 1}
                client.admin.command("replSetReconfig", moved, force=True)
        return "not primary yet"


def _configuration(target: str) -> Mapping[str, Any]:
    return {
        "_id": REPLICA_SET,
        "members": [{"_id": 0, "host": target}],
        "settings": {"electionTimeoutMillis": ELECTION_TIMEOUT_MILLISECONDS},
    }


_PROBES: Mapping[ProbeKind, Callable[[str], Awaitable[str]]] = {
    "none": _none,
    "tcp": _tcp,
    "amqp": _amqp,
    "http": _http,
    "mongo": _mongo,
}
