"""The quote in the customer's hands: signed, so that it can be held to, and it expires."""

import base64
import binascii
import hashlib
import hmac
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.returns.domain.errors import invalid, precondition
from services.returns.domain.quoting.quote import AskedLine
from services.returns.domain.quoting.reasons import Reason
from services.returns.domain.quoting.totals import Totals

_FORM = 1  # grows when what is written below changes its meaning


@dataclass(frozen=True, slots=True)
class Promise:
    """What was asked and promised, until when. `figures` are minor units and points, as `figures_of`."""

    tenant_id: str
    order_id: str
    lines: tuple[AskedLine, ...]
    figures: tuple[int, ...]
    label_fee: int
    expires_at: datetime


def figures_of(totals: Totals) -> tuple[int, ...]:
    """The figures a promise pins, in a fixed order."""
    amounts = (totals.goods, totals.shipping, totals.fee, totals.cash, totals.points_value)
    return (*(amount.minor for amount in amounts), totals.points)


def sign(promise: Promise, secret: bytes) -> str:
    """The token of a promise."""
    # Compressed: a hundred lines with long ids must fit the contract's 8,192 characters.
    text = json.dumps(
        [
            _FORM,
            promise.tenant_id,
            promise.order_id,
            [[line.line_id, line.quantity, line.reason] for line in promise.lines],
            promise.figures,
            promise.label_fee,
            int(promise.expires_at.timestamp()),
        ],
        separators=(",", ":"),
    )
    body = zlib.compress(text.encode(), 9)
    return f"{_text(body)}.{_text(_mac(body, secret))}"


def read(token: str, secrets: Sequence[bytes], now: datetime) -> Promise:
    """The promise in a token, signed with any of the secrets. Raises QUOTE_INVALID, QUOTE_EXPIRED."""
    try:
        body, mac = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    except (binascii.Error, ValueError) as error:
        raise _not_ours() from error
    if not any(hmac.compare_digest(mac, _mac(body, secret)) for secret in secrets):
        raise _not_ours()
    promise = _promise(json.loads(zlib.decompress(body)))
    if now >= promise.expires_at:
        raise precondition("QUOTE_EXPIRED", "the quote has expired; ask for a new one")
    return promise


def _promise(parts: list[Any]) -> Promise:
    form, tenant_id, order_id, lines, figures, label_fee, expires = parts
    if form != _FORM:
        raise precondition("QUOTE_EXPIRED", "the quote was made by an older version; ask for a new one")
    asked = tuple(AskedLine(line_id, quantity, Reason(reason)) for line_id, quantity, reason in lines)
    expires_at = datetime.fromtimestamp(expires, UTC)
    return Promise(tenant_id, order_id, asked, tuple(figures), label_fee, expires_at)


def _mac(body: bytes, secret: bytes) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _not_ours() -> Exception:
    return invalid(
        "QUOTE_INVALID", "quote_token must be the token of a QuoteReturn answer, unchanged", "quote_token"
    )
