import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from deploy.standins.courier.api.bodies import NewConsignment
from deploy.standins.courier.company import books
from deploy.standins.courier.company.clock import VirtualClock
from deploy.standins.courier.company.office import Office
from deploy.standins.courier.papers.pdf import FontMissingError, register_font
from tests.integration.standins.courier_process import running_courier
from tests.integration.standins.test_courier_api import made, order, terms

pytestmark = pytest.mark.integration


def test_sigterm_ends_it_quickly_even_with_a_hanging_call() -> None:
    with running_courier() as courier:
        courier.control("fault", on="GET /v2/track", kind="hang")

        def call() -> None:
            with pytest.raises(httpx2.TransportError):
                courier.api.get("/v2/track?waybills=1")

        hanging = threading.Thread(target=call)
        hanging.start()
        while courier.state()["faults"]:
            time.sleep(0.01)
        started = time.monotonic()
        courier.process.terminate()
        assert courier.process.wait(timeout=5) == 0
        assert time.monotonic() - started < 2
        hanging.join(timeout=5)
        assert courier.process.stderr is not None
        assert courier.process.stderr.read() == ""


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.standins.courier", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 - our own module


def test_notices_are_never_unsigned() -> None:
    ended = _run("--api-key", "k", "--webhook", "http://127.0.0.1:1/")
    assert ended.returncode == 2
    assert "--webhook-secret" in ended.stderr


def test_a_taken_port_is_one_line_on_stderr() -> None:
    with running_courier() as courier:
        ended = _run("--api-key", "k", "--port", courier.url.rpartition(":")[2])
    assert ended.returncode == 1
    assert ended.stderr.startswith("courier stand-in: ")
    assert ended.stderr.count("\n") == 1


def test_a_clock_that_runs_brings_what_is_due() -> None:
    with running_courier(options={"--frozen-at": None}) as courier:
        today = datetime.now(UTC).date()
        term = terms(courier, str(today), str(today + timedelta(days=14)))[-1]["termId"]
        number = made(courier)["consignmentNo"]
        body = {"yourRef": "p/1-PENDING", "consignmentNo": number, "termId": term}
        collection = courier.api.post("/v2/collections", json=body).json()["collectionNo"]
        asked = courier.api.post(f"/v2/collections/{collection}/withdraw")
        assert asked.status_code == 202
        courier.control("advance", secs=599)
        ends_at = time.monotonic() + 5
        while courier.state()["collections"]["p/1-PENDING"] != "Z8":
            assert time.monotonic() < ends_at
            time.sleep(0.05)


def test_a_missing_font_names_its_package(tmp_path: Path) -> None:
    with pytest.raises(FontMissingError, match="fonts-dejavu-core"):
        register_font(tmp_path / "DejaVuSans.ttf")


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "MAX_CONSIGNMENTS", 3)
    office = Office(VirtualClock(), lambda scans: None)
    for number in range(5):
        body = NewConsignment.model_validate(order(yourRef=f"RMA-{number}"))
        office.create_consignment(body)
    kept = [each.order.your_ref for each in office.books.consignments.values()]
    assert kept == ["RMA-2", "RMA-3", "RMA-4"]
    assert office.books.consignment_of_reference("RMA-0") is None
