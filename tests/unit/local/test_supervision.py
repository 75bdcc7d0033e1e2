import os
from pathlib import Path

import pytest

from deploy.local.home import Home, write_private
from deploy.local.parts.part import Part, Probe
from deploy.local.preflight import check_machine
from deploy.local.problems import PartFailedError, PreflightError
from deploy.local.state import PartState, PartStatus, Phase, StackState, is_alive, read_state, write_state
from deploy.local.supervisor import child
from deploy.local.supervisor.keeper import delay_before


def test_back_off_doubles_up_to_five_seconds() -> None:
    assert [delay_before(failures) for failures in (1, 2, 3, 4, 5, 6, 50)] == [
        0.2,
        0.4,
        0.8,
        1.6,
        3.2,
        5.0,
        5.0,
    ]


def test_state_survives_being_written_and_read(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    state = StackState(phase=Phase.FAILED, parts={"web": PartStatus(PartState.READY, pid=1, port=2)})
    write_state(home, state)
    assert read_state(home) == state
    assert home.state_file.stat().st_mode & 0o077 == 0


def test_a_state_whose_supervisor_is_gone_is_down(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.make()
    # This very process is alive and no supervisor: a process id is not proof.
    write_state(home, StackState(phase=Phase.UP, supervisor_pid=os.getpid()))
    state = read_state(home)
    assert state is not None
    assert state.phase is Phase.DOWN


def test_no_state_was_ever_written(tmp_path: Path) -> None:
    assert read_state(Home(tmp_path)) is None


def test_a_stack_is_ready_when_every_part_is() -> None:
    parts = {"a": PartStatus(PartState.READY), "b": PartStatus(PartState.DONE)}
    assert StackState(phase=Phase.UP, parts=parts).ready
    assert not StackState(phase=Phase.STARTING, parts=parts).ready
    assert not StackState(phase=Phase.UP, parts={**parts, "c": PartStatus(PartState.CRASH_LOOPING)}).ready


def test_alive_is_asked_of_the_kernel() -> None:
    assert is_alive(os.getpid())
    assert not is_alive(2**22 + 1)


def test_a_failure_reads_as_part_reason_tail_and_log() -> None:
    error = PartFailedError("mongo", "exit code 14", Path("mongo.log"), ["the last line"])
    assert str(error).splitlines() == [
        "mongo did not start: exit code 14",
        "last lines of its log:",
        "  the last line",
        "full log: mongo.log",
    ]


def test_logs_are_set_aside_at_the_start_and_bounded_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path)
    home.make()
    log = home.log_of("web")
    log.write_text("yesterday\n")
    child.prepare(Part("web", ("true",), Probe("none")), home)
    assert not log.exists()
    assert log.with_name("web.log.1").read_text() == "yesterday\n"
    monkeypatch.setattr(child, "LOG_LIMIT_BYTES", 10)
    log.write_text("today, and rather much\n")
    child.bound_log(log)
    assert log.read_text() == ""
    assert log.with_name("web.log.1").read_text() == "today, and rather much\n"


def test_the_tail_of_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert child.tail(tmp_path / "no.log") == []


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_private(file, "old")
    write_private(file, "new")
    assert file.read_text() == "new"
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_all_problems_of_a_machine_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setattr("deploy.local.preflight.NEEDED_BYTES", 2**62)
    with pytest.raises(PreflightError) as caught:
        check_machine(Home(tmp_path / "new" / "home"), {})
    assert len(caught.value.problems) == 2
    assert "MB free" in str(caught.value)
    assert "aarch64" in str(caught.value)


def test_a_database_of_ones_own_needs_no_binary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    check_machine(Home(tmp_path), {"MONGODB_URI": "mongodb://theirs/"})
