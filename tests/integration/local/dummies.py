"""Small parts to supervise: they start in no time and misbehave on request."""

import sys

from deploy.local.parts.part import Part, Probe

SERVER = """
import http.server, sys
http.server.ThreadingHTTPServer(
    ("127.0.0.1", int(sys.argv[1])),
    type("H", (http.server.BaseHTTPRequestHandler,), {
        "do_GET": lambda self: (self.send_response(200), self.end_headers()),
        "log_message": lambda *_: None,
    }),
).serve_forever()
"""
# Starts a child of its own, as a shell around a server would.
PARENT = (
    "import subprocess, sys; print(subprocess.Popen(['sleep', '600']).pid, flush=True); sys.stdin.read(); "
)
PARENT += "import time; time.sleep(600)"


def python(
    name: str, code: str, *words: str, ready: Probe | None = None, needs: tuple[str, ...] = ()
) -> Part:
    return Part(
        name=name,
        argv=(sys.executable, "-c", code, *words),
        ready=ready or Probe("none"),
        needs=needs,
        stop_seconds=2,
    )


def server(name: str, port: int, needs: tuple[str, ...] = ()) -> Part:
    return python(name, SERVER, str(port), ready=Probe("http", f"http://127.0.0.1:{port}/", 10), needs=needs)


def task(name: str, code: str, needs: tuple[str, ...] = ()) -> Part:
    return python(name, code, ready=Probe("exit", timeout_seconds=10), needs=needs)
