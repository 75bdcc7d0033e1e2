import subprocess
import sys
import threading
import urllib.error
import urllib.request

import pytest

from services.chassis import metrics
from services.chassis.http.ops import OpsServer


def get(server: OpsServer, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.parametrize(("ready", "status"), [(True, 200), (False, 503)])
def test_readiness_is_asked_each_time(ready: bool, status: int) -> None:  # noqa: FBT001 - a table's column
    with OpsServer(0, lambda: ready) as server:
        assert get(server, "/readyz")[0] == status
        assert get(server, "/healthz") == (200, "alive\n")


def test_a_check_that_raises_means_not_ready() -> None:
    def broken() -> bool:
        raise OSError("no database")

    with OpsServer(0, broken) as server:
        assert get(server, "/readyz") == (503, "not ready\n")


def test_metrics_are_prometheus_text() -> None:
    metrics.DEAD_LETTERS.labels("returns.dead").set(3)
    with OpsServer(0, lambda: True) as server:
        status, text = get(server, "/metrics")
    assert status == 200
    assert 'aftercare_dead_letters{queue="returns.dead"} 3.0' in text


def test_other_paths_are_not_found() -> None:
    with OpsServer(0, lambda: True) as server:
        assert get(server, "/secrets")[0] == 404


def test_port_0_exposes_nothing() -> None:
    before = threading.active_count()
    OpsServer.exposing(0)(lambda: pytest.fail("nobody asks"))
    assert threading.active_count() == before, "no server was started"


PATCHED = """
import eventlet
eventlet.monkey_patch()
import urllib.request
from services.chassis import metrics
from services.chassis.http.ops import OpsServer
ticks = []
def tick():
    while True:
        ticks.append(1)
        eventlet.sleep(0.01)
eventlet.spawn(tick)
with OpsServer(0, lambda: eventlet.sleep(0.2) or True) as server:
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/readyz", timeout=5) as answer:
        assert answer.read() == b"ready\\n"
assert len(ticks) > 10, f"the hub stood still: {len(ticks)}"
"""


def test_it_answers_in_an_eventlet_process_without_stopping_the_hub() -> None:
    subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-W", "ignore", "-c", PATCHED], check=True, timeout=30
    )
