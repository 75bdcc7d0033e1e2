"""The commands as people use them, on a small plan: the product's own parts are e2e's matter."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import commands
from deploy.local.home import Home
from deploy.local.ports import PortBlock
from deploy.local.problems import StackError
from deploy.local.state import Phase, is_alive, read_state

pytestmark = pytest.mark.integration

# `aftercare` with its plan replaced by one dummy web server.
AFTERCARE = """
import sys
from deploy.cli.main import app
from deploy.local import commands
from deploy.local.plan import Plan
from tests.integration.local.dummies import server
commands.make_plan = lambda *_: Plan((server("web", {port}),), {{"web": {port}}})
{more}
app()
"""
SLOW = "from tests.integration.local.dummies import python, Probe\n"
SLOW += "commands.make_plan = lambda *_: Plan((python('slow', 'import time; time.sleep(60)', "
SLOW += "ready=Probe('tcp', '127.0.0.1:9', 60)),), {{}})"


class Aftercare:
    def __init__(self, home: Home, port: int) -> None:
        self.home, self._port = home, port
        self._environment = {**os.environ, "AFTERCARE_HOME": str(home.root)}

    def start(self, *words: str, more: str = "") -> "subprocess.Popen[str]":
        code = AFTERCARE.format(port=self._port, more=more)
        return subprocess.Popen(  # noqa: S603 - our own command
            [sys.executable, "-c", code, *words],
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        with self.start(*words) as process:
            out, err = process.communicate(timeout=30)
            return subprocess.CompletedProcess(words, process.returncode, out, err)


@pytest.fixture
def aftercare(tmp_path: Path) -> Iterator[Aftercare]:
    block = PortBlock()
    home = Home(tmp_path / "home")
    yield Aftercare(home, block.ports(["web"]).of["web"])
    commands.down(home)
    block.close()


def test_up_status_second_up_logs_down_reset(aftercare: Aftercare) -> None:
    first = aftercare.run("up", "--no-demo")
    assert first.returncode == 0, first.stderr
    assert "web" in first.stderr
    status = aftercare.run("status", "--json")
    state = json.loads(status.stdout)
    assert (status.returncode, state["up"], state["phase"]) == (0, True, "up")
    second = aftercare.run("up", "--no-demo")
    assert second.returncode == 0
    assert f"already up (supervisor {state['supervisor_pid']})" in second.stderr
    down = aftercare.run("down")
    assert (down.returncode, down.stderr.strip()) == (0, "down")
    assert not is_alive(state["parts"]["web"]["pid"])
    assert aftercare.run("status").returncode == 3
    assert aftercare.run("down").returncode == 0
    assert aftercare.run("reset", "--yes").returncode == 0
    assert not aftercare.home.root.exists()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_interrupting_up_leaves_nothing_running(
    aftercare: Aftercare, number: signal.Signals, code: int
) -> None:
    with aftercare.start("up", "--no-demo", more=SLOW.format()) as process:
        deadline = time.monotonic() + 20
        while (state := read_state(aftercare.home)) is None or state.parts["slow"].pid is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(number)
        process.communicate(timeout=20)
    assert process.returncode == code
    pids = [state.supervisor_pid, state.parts["slow"].pid]
    while any(is_alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_secrets_are_for_their_owner_only(aftercare: Aftercare) -> None:
    aftercare.run("up", "--no-demo")
    home = aftercare.home
    assert [file.stat().st_mode & 0o077 for file in (home.state_file, home.plan_file, home.root)] == [0, 0, 0]


def test_reset_spares_a_folder_that_holds_other_things(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").touch()
    with pytest.raises(StackError, match=r"also holds letters\.txt"):
        commands.reset(Home(tmp_path))


def test_two_ups_at_once_make_one_stack(aftercare: Aftercare) -> None:
    processes = [aftercare.start("up", "--no-demo") for _ in range(2)]
    ends = []
    for process in processes:
        _, err = process.communicate(timeout=30)
        ends.append((process.returncode, err))
    assert sorted(code for code, _ in ends) in ([0, 0], [0, 1]), ends
    state = read_state(aftercare.home)
    assert state is not None
    assert state.phase is Phase.UP
