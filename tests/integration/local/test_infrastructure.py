import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from deploy.local.stack import LocalStack
from deploy.local.state import is_alive

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    with LocalStack(tmp_path_factory.mktemp("pair"), {"mongo", "rabbit"}) as stack:
        yield stack
    shutil.rmtree(stack.home.data)


def test_data_outlives_a_killed_database(pair: LocalStack) -> None:
    with MongoClient[dict[str, Any]](pair.mongodb_uri) as client:
        client["shop"]["orders"].insert_one({"_id": "before"})
        pair.wait_restarted("mongo", pair.kill("mongo"))
        client["shop"]["orders"].insert_one({"_id": "after"})
        assert {row["_id"] for row in client["shop"]["orders"].find()} == {"before", "after"}


def test_data_outlives_a_stop_and_another_port(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with (
            LocalStack(tmp_path, {"mongo"}) as stack,
            MongoClient[dict[str, Any]](stack.mongodb_uri) as client,
        ):
            client["shop"]["orders"].insert_one({"_id": name})
            known = [row["_id"] for row in client["shop"]["orders"].find()]
    shutil.rmtree(stack.home.data)
    assert known == ["first", "second"]


def test_a_killed_broker_is_started_again(pair: LocalStack) -> None:
    assert pair.wait_restarted("rabbit", pair.kill("rabbit")).restarts == 1


def test_everything_listens_on_this_machine_only(pair: LocalStack) -> None:
    ports = {pair.state.ports[name] for name in ("mongo", "rabbit", "rabbit-dist", "epmd")}
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    listening = {
        (row[1].rpartition(":")[0], int(row[1].rpartition(":")[2], 16)) for row in rows if row[3] == "0A"
    }
    addresses = {address for address, port in listening if port in ports}
    # 127.0.0.1 and ::1, in the kernel's notation.
    assert addresses <= {"0100007F", "00000000000000000000000001000000"}
    assert {port for _, port in listening} >= ports


def test_no_broker_outlives_a_killed_supervisor(tmp_path: Path) -> None:
    stack = LocalStack(tmp_path, {"mongo", "rabbit"})
    stack.start()
    home = str(tmp_path).encode()
    pids = [
        pid
        for pid in map(int, filter(str.isdecimal, (entry.name for entry in Path("/proc").iterdir())))
        if home in _environment_of(pid)
    ]
    assert len(pids) >= 3  # the virtual machine and what it starts
    pids += [part.pid for part in stack.state.parts.values() if part.pid]
    os.kill(stack.state.supervisor_pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    stack.stop()
    shutil.rmtree(stack.home.data)


def _environment_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
