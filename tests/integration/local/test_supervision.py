import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.ports import PortBlock
from deploy.local.problems import PartFailedError
from deploy.local.stack import LocalStack
from deploy.local.state import PartState, Phase, is_alive
from tests.integration.local.dummies import PARENT, python, server, task

pytestmark = pytest.mark.integration


@pytest.fixture
def port() -> int:
    block = PortBlock()
    block.close()
    return block.ports(["dummy"]).of["dummy"]


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def test_parts_start_in_the_order_of_their_needs(tmp_path: Path, port: int) -> None:
    out = tmp_path / "order"
    note = f"open({str(out)!r}, 'a').write('{{}}\\n')"
    parts = (
        server("web", port, needs=("second",)),
        task("second", note.format("second"), needs=("first",)),
        task("first", "import time; time.sleep(0.3); " + note.format("first")),
    )
    with LocalStack(tmp_path / "home", (), extra=parts) as stack:
        assert out.read_text().split() == ["first", "second"]
        assert stack.part("first").state is PartState.DONE
        assert stack.part("web").state is PartState.READY
        assert stack.state.ready


def test_a_killed_part_is_started_again(tmp_path: Path, port: int) -> None:
    with LocalStack(tmp_path / "home", (), extra=(server("web", port),)) as stack:
        old = stack.kill("web")
        now = stack.wait_restarted("web", old)
        assert now.restarts == 1
        assert not is_alive(old)


def test_a_part_that_keeps_dying_is_shown_as_crash_looping(tmp_path: Path) -> None:
    with LocalStack(
        tmp_path / "home", (), extra=(python("brief", "import time; time.sleep(0.1); 1 / 0"),)
    ) as stack:
        until(lambda: stack.part("brief").state is PartState.CRASH_LOOPING)
        assert stack.part("brief").detail == "exit code 1"
        assert stack.part("brief").restarts >= 3


def test_a_held_part_stays_down_until_released(tmp_path: Path, port: int) -> None:
    with LocalStack(tmp_path / "home", (), extra=(server("web", port),)) as stack:
        stack.hold("web")
        time.sleep(0.5)
        assert stack.part("web").state is PartState.HELD
        stack.release("web")
        assert stack.wait_ready("web").pid is not None


def test_a_part_that_cannot_start_is_named_with_the_end_of_its_log(tmp_path: Path, port: int) -> None:
    parts = (server("web", port), task("migrate", "print('the disk is full'); raise SystemExit(3)"))
    stack = LocalStack(tmp_path / "home", (), extra=parts)
    with pytest.raises(
        PartFailedError, match=r"migrate did not start: exit code 3[\s\S]*the disk is full"
    ) as caught:
        stack.start()
    assert caught.value.log == stack.home.log_of("migrate")
    assert stack.state.phase is Phase.FAILED
    assert all(part.pid is None or not is_alive(part.pid) for part in stack.state.parts.values())


def test_a_part_that_never_answers_fails_after_its_time(tmp_path: Path, port: int) -> None:
    from dataclasses import replace  # noqa: PLC0415

    from deploy.local.parts.part import Probe  # noqa: PLC0415

    silent = replace(
        python("silent", "import time; time.sleep(60)"), ready=Probe("tcp", f"127.0.0.1:{port}", 0.5)
    )
    with pytest.raises(PartFailedError, match="not ready after 0 s"):
        LocalStack(tmp_path / "home", (), extra=(silent,)).start()


def test_nothing_outlives_a_killed_supervisor(tmp_path: Path, port: int) -> None:
    stack = LocalStack(tmp_path / "home", (), extra=(server("web", port), python("parent", PARENT)))
    stack.start()
    pids = [part.pid for part in stack.state.parts.values() if part.pid]
    os.kill(stack.state.supervisor_pid, signal.SIGKILL)
    until(lambda: not any(is_alive(pid) for pid in pids))
    stack.stop()
    assert stack.state.phase is Phase.DOWN


def test_stopping_takes_the_children_of_parts_along(tmp_path: Path) -> None:
    with LocalStack(tmp_path / "home", (), extra=(python("parent", PARENT),)) as stack:
        until(lambda: stack.home.log_of("parent").read_text().strip().isdecimal())
        grandchild = int(stack.home.log_of("parent").read_text())
        assert is_alive(grandchild)
    assert not is_alive(grandchild)
