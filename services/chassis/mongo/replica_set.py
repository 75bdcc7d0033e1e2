"""`python -m services.chassis.mongo.replica_set URI`: make a mongod a replica set, wait for its primary.

Transactions need a replica set, and a container's mongod starts as none. What is one already is left as it
is, so this can run before every start.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from pymongo import MongoClient
from pymongo.errors import ConfigurationError, OperationFailure, PyMongoError
from pymongo.uri_parser import parse_uri

NAME = "rs0"
# reliability.md 0.8: a primary that is gone is replaced in seconds.
ELECTION_TIMEOUT_MS = 2_000
WAIT_SECONDS = 60.0
PAUSE_SECONDS = 0.25
_ANSWER_MS = 2_000
_NOT_INITIATED = 94
_ALREADY_INITIALISED = 23
_AUTHENTICATION_FAILED = 18
_UNAUTHORIZED = 13
_NO_REPLICATION_ENABLED = 76
_HOPELESS = {
    _NO_REPLICATION_ENABLED: "mongod runs without --replSet: start it with `--replSet {name}`",
    _AUTHENTICATION_FAILED: "mongod refuses the user name or the password of the address",
    _UNAUTHORIZED: "mongod asks for a user who may administer the cluster",
}
USAGE = "usage: python -m services.chassis.mongo.replica_set mongodb://HOST:PORT/?replicaSet=NAME\n"
EX_USAGE = 64


class NoReplicaSetError(Exception):
    """There is no primary, and the text says why."""


def ensure(uri: str, wait_seconds: float = WAIT_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
    """Return when the member at `uri` knows a primary of its replica set, which is made if there is none.

    `uri` names the members as every client will reach them; the first becomes the only member of a new set.
    Raises NoReplicaSetError after `wait_seconds`, or at once when waiting cannot help.
    """
    member, name = _member(uri)
    options: dict[str, Any] = {
        "directConnection": True,
        "replicaSet": None,  # a member that is not yet one of the set is refused otherwise
        "serverSelectionTimeoutMS": _ANSWER_MS,
        "connectTimeoutMS": _ANSWER_MS,
        "socketTimeoutMS": 5 * _ANSWER_MS,
    }
    until = clock() + wait_seconds
    with MongoClient[dict[str, Any]](uri, **options) as client:
        while why := _ask(client, member, name):
            if clock() >= until:
                raise NoReplicaSetError(f"no primary at {member} after {wait_seconds:.0f} s: {why}")
            time.sleep(PAUSE_SECONDS)


def _member(uri: str) -> tuple[str, str]:
    """The first member as host:port, and the set's name."""
    try:
        parsed = parse_uri(uri)
    except (PyMongoError, ValueError) as error:
        raise NoReplicaSetError(f"this is not the address of a MongoDB server: {error}") from None
    host, port = parsed["nodelist"][0]
    return f"{host}:{port}", str(parsed["options"].get("replicaSet") or NAME)


def _ask(client: MongoClient[dict[str, Any]], member: str, name: str) -> str:
    """Empty when there is a primary; else why not yet."""
    try:
        hello = client.admin.command("hello")
        if "setName" not in hello:
            return _initiate(client, member, name)
    except OperationFailure as error:
        if error.code in _HOPELESS:
            raise NoReplicaSetError(_HOPELESS[error.code].format(name=name)) from error
        return str(error)
    except ConfigurationError as error:
        raise NoReplicaSetError(str(error)) from error
    except PyMongoError as error:
        return str(error)
    if hello["setName"] != name:
        raise NoReplicaSetError(f"{member} belongs to the replica set {hello['setName']}, not to {name}")
    return "" if hello.get("primary") else "the members have not elected a primary yet"


def _initiate(client: MongoClient[dict[str, Any]], member: str, name: str) -> str:
    try:
        client.admin.command("replSetGetStatus")
    except OperationFailure as error:
        if error.code != _NOT_INITIATED:
            raise
    else:
        return "the server is joining its replica set"
    configuration = {
        "_id": name,
        "members": [{"_id": 0, "host": member}],
        "settings": {"electionTimeoutMillis": ELECTION_TIMEOUT_MS},
    }
    try:
        client.admin.command("replSetInitiate", configuration)
    except OperationFailure as error:
        if error.code != _ALREADY_INITIALISED:  # somebody else was first, which is as good
            raise
    return "the replica set has just been made"


def main(arguments: list[str]) -> int:
    """The command: 0 when there is a primary, 1 with the reason on stderr, 64 without an address."""
    if len(arguments) != 1:
        sys.stderr.write(USAGE)
        return EX_USAGE
    try:
        ensure(arguments[0])
    except NoReplicaSetError as error:
        sys.stderr.write(f"aftercare: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
