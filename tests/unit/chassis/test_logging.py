import json
import subprocess
import sys

import pytest

from services.chassis.logging import mask

SCRIPT = """
import logging, threading
import structlog
from pydantic import SecretStr
from services.chassis import logging as ours
ours.configure("loyalty", "serve", "info")
ours.bind(request_id="req-1")
assert ours.request_id() == "req-1"
log = structlog.get_logger()
log.debug("not shown")
log.info("paid", amount=5, where="Łódź", uri=SecretStr("hunter2"), password="hunter2")
logging.getLogger("driver").warning("cannot reach %s", "amqp://user:hunter2@mq:5672/")
try:
    raise ValueError("mongodb://user:hunter2@db is down, key sk_live_hunter2")
except ValueError:
    log.exception("failed")
"""


def test_lines_are_json_with_request_id_and_without_secrets() -> None:
    ended = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True
    )
    assert "hunter2" not in ended.stderr
    paid, driver, failed = (json.loads(line) for line in ended.stderr.splitlines())
    assert paid["event"] == "paid"
    assert (paid["service"], paid["verb"], paid["level"]) == ("loyalty", "serve", "info")
    assert (paid["request_id"], paid["amount"], paid["where"]) == ("req-1", 5, "Łódź")
    assert driver["event"] == "cannot reach amqp://***@mq:5672/"
    assert driver["request_id"] == "req-1"
    assert "ValueError" in failed["exception"]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mongodb://u:p%40x@h1,h2/db", "mongodb://***@h1,h2/db"),
        ("Authorization: Bearer abc.def-123", "Authorization: Bearer ***"),
        ("sk_test_abc and whsec_abc", "*** and ***"),
        ("https://shop.example/a:b@c", "https://shop.example/a:b@c"),
        ("at 2026-01-01T10:00:00Z for 5.00 EUR", "at 2026-01-01T10:00:00Z for 5.00 EUR"),
    ],
)
def test_masking_takes_secrets_and_leaves_the_rest(text: str, masked: str) -> None:
    assert mask(text) == masked
