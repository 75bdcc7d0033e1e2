"""The Stripe stand-in as tests meet it: a process, its controls, the real SDK and a receiver."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import stripe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx2

STARTS_WITHIN_SECONDS = 15
KEY = "sk_test_standin"
SECRET = "whsec_standin"

stripe.enable_telemetry = False


@contextmanager
def stand_in_process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the stand-in on a free port; yields the process and its address."""
    command = [sys.executable, "-m", "deploy.standins.stripe", "--port", "0", *options]
    process = subprocess.Popen(  # noqa: S603 - fixed argument list
        command, stdout=subprocess.PIPE, text=True
    )
    # A process that dies closes its output, so this read never outlives it.
    watchdog = threading.Timer(STARTS_WITHIN_SECONDS, process.kill)
    watchdog.start()
    assert process.stdout
    try:
        line = process.stdout.readline()
        watchdog.cancel()
        assert line.startswith("ready http://"), line
        yield process, line.split()[1]
    finally:
        watchdog.cancel()
        process.terminate()
        process.wait(timeout=5)
        process.stdout.close()


@dataclass
class StandIn:
    """The running stand-in and its controls."""

    url: str
    http: httpx2.Client

    def control(self, name: str, **body: object) -> dict[str, Any]:
        """Run a control that must succeed."""
        response = self.try_control(name, body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def try_control(self, name: str, body: object) -> httpx2.Response:
        return self.http.post(f"{self.url}/_control/{name}", json=body)

    def fault(self, kind: str, on: str = "POST /v1/refunds", **more: object) -> None:
        self.control("fault", kind=kind, on=on, **more)

    def state(self, limit: int = 1_000) -> dict[str, Any]:
        response = self.http.get(f"{self.url}/_control/state", params={"limit": limit})
        answer: dict[str, Any] = response.json()
        return answer

    def wire(self, path: str = "/v1/refunds", method: str = "POST") -> list[dict[str, Any]]:
        """The requests that arrived at one endpoint."""
        entries = self.state()["wire"]
        return [e for e in entries if e["path"] == path and e["method"] == method]

    def client(self, retries: int = 0, read_seconds: float = 5, key: str = KEY) -> stripe.StripeClient:
        """The real SDK, pointed here, with its own connections."""
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.url},
            max_network_retries=retries,
            http_client=stripe.RequestsClient(timeout=(2, read_seconds)),
        )


def paid(
    client: stripe.StripeClient, amount: int = 10_000, card: str = "pm_card_visa", currency: str = "eur"
) -> stripe.PaymentIntent:
    """A captured payment."""
    return client.v1.payment_intents.create(
        {"amount": amount, "currency": currency, "payment_method": card, "confirm": True}
    )


def charge_of(intent: stripe.PaymentIntent) -> str:
    """The id of the charge; `latest_charge` is a string unless it was expanded."""
    assert isinstance(intent.latest_charge, str)
    return intent.latest_charge


def replayed(thing: stripe.Refund) -> bool:
    """Whether the answer came from the idempotency layer."""
    assert thing.last_response is not None
    headers = thing.last_response.headers
    return headers is not None and headers.get("Idempotent-Replayed") == "true"


def refund_count(stand_in: StandIn) -> int:
    """How many refunds exist, whatever became of them."""
    return len(stand_in.state()["refunds"])


def eventually(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until a condition holds, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@dataclass
class Receiver:
    """A webhook endpoint that keeps what it is sent and answers with the queued statuses."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[bytes, str]] = field(default_factory=list)

    def events(self, secret: str = SECRET) -> list[stripe.Event]:
        """What arrived, in order of arrival, verified by the SDK."""
        client = stripe.StripeClient(KEY)
        return [client.construct_event(body, sig, secret) for body, sig in list(self.received)]

    def types(self) -> list[str]:
        return [event.type for event in self.events()]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen for webhooks on a free port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.received.append((body, self.headers["Stripe-Signature"]))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
