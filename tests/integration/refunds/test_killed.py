"""The work process itself, killed by SIGKILL at its crash points and started again."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.refunds.shop import Shop, until
from tests.integration.standins.stripe_process import KEY, SECRET

pytestmark = pytest.mark.integration


@contextmanager
def working(
    shop: Shop, uris: tuple[str, str], log: Path, crash_at: str = ""
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m services.refunds work` on the shop's database and a broker."""
    environment = {
        **os.environ,
        "AFTERCARE_MODE": "test",
        "MONGODB_URI": uris[0],
        "AMQP_URI": uris[1],
        "REFUNDS_DATABASE": shop.database.name,
        "STRIPE_API_KEY": KEY,
        "STRIPE_API_BASE": shop.standin.url,
        "STRIPE_WEBHOOK_SECRET": SECRET,
        "REFUND_CRASH_AT": crash_at,
    }
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "services.refunds", "work"], env=environment, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("point", ["after_write_ahead", "after_call", "inside_record", "after_record"])
async def test_one_refund_whatever_point_the_process_is_killed_at(
    shop: Shop, mongodb_uri: str, amqp_uri: str, tmp_path: Path, point: str
) -> None:
    await shop.pay("o1")
    refund_id = (await shop.ask("o1", 3_000)).refund_id
    uris, log = (mongodb_uri, amqp_uri), tmp_path / "work.log"
    with working(shop, uris, log, crash_at=point) as process:
        await until(lambda: process.poll() is not None, seconds=30)
        assert process.returncode == -signal.SIGKILL, log.read_text()
    # Instead of a minute's wait for the lease's end.
    shop.database["legs"].update_many({"lease": {"$ne": None}}, {"$set": {"due_at": shop.clock.now()}})
    with working(shop, uris, log):
        await until(lambda: _done(shop), seconds=30)
    assert (await shop.leg(refund_id)).wire_calls in {1, 2}
    assert len(shop.idempotency_keys()) == 1
    assert len(shop.standin.state()["refunds"]) == 1
    await shop.assert_books_agree()


def _done(shop: Shop) -> bool:
    return shop.database["legs"].count_documents({"state": "SUCCEEDED"}) == 1
