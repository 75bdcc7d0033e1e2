"""What `mongo-ready` does, against a mongod that is nobody's replica set yet."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.parts.mongo import mongod_binary
from services.chassis.mongo.replica_set import ELECTION_TIMEOUT_MS, EX_USAGE, NoReplicaSetError, ensure, main

_AT_ONCE = ("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100")


@contextmanager
def mongod(folder: Path, *options: str) -> Iterator[str]:
    """A server of its own, at the address that is yielded; it may not listen yet."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [str(mongod_binary()), "--dbpath", str(folder), "--port", str(port), "--bind_ip", "127.0.0.1"]
    process = subprocess.Popen(  # noqa: S603 - fixed argument list
        [*argv, "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", *_AT_ONCE, *options],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def asked(member: str, command: str) -> dict[str, Any]:
    with MongoClient[dict[str, Any]](f"mongodb://{member}", directConnection=True) as client:
        answer: dict[str, Any] = client.admin.command(command)
        return answer


def test_a_new_server_becomes_the_primary_of_a_set_of_one_and_a_second_run_changes_nothing(
    tmp_path: Path,
) -> None:
    with mongod(tmp_path, "--replSet", "rs0") as member:
        uri = f"mongodb://{member}/?replicaSet=rs0"
        first = subprocess.run(  # noqa: S603 - fixed argument list
            [sys.executable, "-m", "services.chassis.mongo.replica_set", uri],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (first.returncode, first.stderr) == (0, "")
        assert asked(member, "hello")["primary"] == member
        configuration = asked(member, "replSetGetConfig")["config"]
        assert [each["host"] for each in configuration["members"]] == [member]
        assert configuration["settings"]["electionTimeoutMillis"] == ELECTION_TIMEOUT_MS

        ensure(uri)
        assert asked(member, "replSetGetConfig")["config"] == configuration


def test_a_server_of_another_set_is_refused_at_once(tmp_path: Path) -> None:
    with mongod(tmp_path, "--replSet", "theirs") as member:
        ensure(f"mongodb://{member}/?replicaSet=theirs")
        with pytest.raises(NoReplicaSetError, match="belongs to the replica set theirs, not to rs0"):
            ensure(f"mongodb://{member}/?replicaSet=rs0")


def test_a_server_without_replication_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with mongod(tmp_path) as member, pytest.raises(NoReplicaSetError, match="start it with `--replSet rs0`"):
        ensure(f"mongodb://{member}/?replicaSet=rs0")


def test_where_nobody_listens_the_wait_ends_and_the_reason_is_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    began = time.monotonic()
    with pytest.raises(NoReplicaSetError, match=r"no primary at 127\.0\.0\.1:1 after 1 s: .*refused"):
        ensure("mongodb://127.0.0.1:1/?replicaSet=rs0", wait_seconds=1)
    assert time.monotonic() - began < 10
    assert main(["http://127.0.0.1"]) == 1
    assert "not the address of a MongoDB server" in capsys.readouterr().err


def test_without_an_address_the_usage_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == EX_USAGE
    assert "usage:" in capsys.readouterr().err
