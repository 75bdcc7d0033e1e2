import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.kernel.errors import AftercareError
from services.returns.domain.quoting.quote import AskedLine
from services.returns.domain.quoting.quote_token import Promise, read, sign
from services.returns.domain.quoting.reasons import Reason

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)
PROMISE = Promise(
    "demo",
    "O-1",
    (AskedLine("B", 1, Reason.DEFECTIVE),),
    (4285, 0, 0, 4285, 0, 0),
    0,
    NOW + timedelta(minutes=30),
)
SECRET = b"a secret of sixteen"


def test_a_token_is_read_back_until_it_expires() -> None:
    token = sign(PROMISE, SECRET)
    assert read(token, [b"another", SECRET], NOW) == PROMISE
    with pytest.raises(AftercareError, match="QUOTE_EXPIRED"):
        read(token, [SECRET], PROMISE.expires_at)


@pytest.mark.parametrize("spoilt", ["", "x", "a.b", "a.b.c", "é.é", "....", "%%.%%"])
def test_what_is_not_a_token_is_refused(spoilt: str) -> None:
    with pytest.raises(AftercareError, match="QUOTE_INVALID"):
        read(spoilt, [SECRET], NOW)


def test_a_changed_or_foreign_token_is_refused() -> None:
    token = sign(PROMISE, SECRET)
    body, mac = token.split(".")
    flipped = ("A" if body[0] != "A" else "B") + body[1:]
    for spoilt in (f"{flipped}.{mac}", f"{body}.{mac[:-2]}", sign(PROMISE, b"another secret 16")):
        with pytest.raises(AftercareError, match="QUOTE_INVALID"):
            read(spoilt, [SECRET], NOW)


def test_a_hundred_lines_with_long_ids_fit_the_contract() -> None:
    lines = tuple(
        AskedLine(hashlib.sha256(bytes([n])).hexdigest(), 100_000, Reason.DAMAGED_IN_TRANSIT)
        for n in range(100)
    )
    token = sign(Promise("demo", "x" * 64, lines, (10**12,) * 6, 999, NOW), SECRET)
    assert len(token) <= 8192
