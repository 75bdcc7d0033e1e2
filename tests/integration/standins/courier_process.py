"""Start the courier stand-in as its own process, with a sink for its notices."""

import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

API_KEY = "test-key"
WEBHOOK_SECRET = "test-webhook-secret"
MONDAY_MORNING = "2026-11-16T09:00:00+00:00"

Push = tuple[dict[str, str], bytes]


class WebhookSink:
    """Keeps every push; `failures` are answered 500 first, `status` everything after them."""

    def __init__(self) -> None:
        self.failures = 0
        self.received: list[Push] = []
        sink = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.received.append((dict(self.headers), body))
                failing, sink.failures = sink.failures > 0, max(0, sink.failures - 1)
                self.send_response(500 if failing else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Tests read `received` instead."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hooks/kurier"

    def take(self) -> list[Push]:
        taken, self.received = self.received, []
        return taken

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@dataclass
class Courier:
    """A running stand-in: `api` is its client, `control` pulls a string."""

    url: str
    process: subprocess.Popen[str]
    sink: WebhookSink
    api: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {"Authorization": f"Bearer {API_KEY}"}
        self.api = httpx2.Client(base_url=self.url, headers=headers, timeout=20, trust_env=False)

    def control(self, name: str, **body: object) -> dict[str, Any]:
        answer = self.api.post(f"/_control/{name}", json=body)
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        return result

    def state(self) -> dict[str, Any]:
        result: dict[str, Any] = self.api.get("/_control/state").json()
        return result

    def reset(self) -> None:
        self.control("reset")
        self.sink.failures = 0
        self.sink.take()


@contextmanager
def running(module: str, *arguments: str, lines: int = 1) -> Iterator[tuple[list[str], Any]]:
    """A Python module as a process that prints `ready …`; yields its first lines and the process."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        ready = [process.stdout.readline().strip() for _ in range(lines)]
        assert all(line.startswith("ready ") for line in ready), (ready, _stderr(process))
        yield ready, process
    finally:
        process.terminate()
        try:
            process.communicate(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def _stderr(process: subprocess.Popen[str]) -> str:
    process.kill()
    return process.communicate()[1]


@contextmanager
def running_courier(*extra: str, options: Mapping[str, str | None] | None = None) -> Iterator[Courier]:
    """The stand-in on a free port with its clock standing on a Monday morning.

    An option of None is left out.
    """
    sink = WebhookSink()
    settings: dict[str, str | None] = {
        "--api-key": API_KEY,
        "--webhook": sink.url,
        "--webhook-secret": WEBHOOK_SECRET,
        "--webhook-backoff": "0.02",
        "--frozen-at": MONDAY_MORNING,
        "--seed": "7",
        **(options or {}),
    }
    arguments = [text for name, value in settings.items() if value for text in (name, value)]
    try:
        with running("deploy.standins.courier", *arguments, *extra) as (ready, process):
            courier = Courier(ready[0].removeprefix("ready "), process, sink)
            with courier.api:
                yield courier
    finally:
        sink.close()
