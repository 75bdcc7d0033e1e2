"""/healthz, /readyz and /metrics of a process, in a thread of its own.

The standard library's server, so that it runs in every kind of process: in `work`, where eventlet has
patched the standard library, its threads are green ones.
"""

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

Ready = Callable[[], bool]

_TEXT = "text/plain; charset=utf-8"


class OpsServer:
    """Answers while the process lives. `port` is the one it got.

    `ready` is asked on each /readyz, from a thread of this server; false or an exception means 503. Nobody
    but the machine itself is answered unless `host` says so: metrics name what a shop does.
    """

    def __init__(self, port: int, ready: Ready, host: str = "127.0.0.1") -> None:
        self._server = _Server((host, port), _Handler)
        self._server.ready = ready
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="ops", daemon=True)
        self._thread.start()

    @classmethod
    def exposing(cls, port: int, host: str = "127.0.0.1") -> Callable[[Ready], None]:
        """What `run_worker` and `run_relay` take as `expose`; port 0 exposes nothing."""

        def expose(ready: Ready) -> None:
            if port:
                cls(port, ready, host)

        return expose

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_failure: object) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    ready: Ready


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10  # a peer that says nothing holds a thread no longer than this

    def do_GET(self) -> None:
        match self.path.partition("?")[0]:
            case "/healthz":
                self._answer(200, _TEXT, b"alive\n")
            case "/readyz":
                ready = self._is_ready()
                self._answer(200 if ready else 503, _TEXT, b"ready\n" if ready else b"not ready\n")
            case "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest())
            case _:
                self._answer(404, _TEXT, b"there are /healthz, /readyz and /metrics\n")

    def log_message(self, *_line: object) -> None:
        """Probes come every second; the standard library would print each."""

    def _is_ready(self) -> bool:
        try:
            return self.server.ready()
        except Exception as error:  # noqa: BLE001 - a check that fails is an answer: not ready
            structlog.get_logger().warning("readiness check failed", cause=repr(error))
            return False

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
