"""Verifies that a notice is Kurier's: `X-Kurier-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256>`."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from services.returns.domain.carrier_errors import BadWebhook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

HEADER: Final = "x-kurier-signature"
TOLERANCE: Final = timedelta(minutes=5)
"""As Stripe's: a captured notice cannot be replayed later; inside it the event's unique key guards."""
_MAX_HEADER: Final = 1_000


def verify(headers: Mapping[str, str], body: bytes, *, secrets: Sequence[str], now: datetime) -> None:
    """Raise `BadWebhook` unless one signature of the header fits one secret and its time is near."""
    sent_at, signatures = _parts(headers)
    signed = str(sent_at).encode() + b"." + body
    expected = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    # Every pair is compared, so that the time taken tells nothing.
    fits = [hmac.compare_digest(ours, theirs) for ours in expected for theirs in signatures]
    if not any(fits):
        raise BadWebhook("the signature does not fit")
    if abs(now - datetime.fromtimestamp(sent_at, UTC)) > TOLERANCE:
        raise BadWebhook("the notice was signed too long ago, or the clocks disagree")


def _parts(headers: Mapping[str, str]) -> tuple[int, list[str]]:
    value = next((v for name, v in headers.items() if name.lower() == HEADER), "")
    if not value or len(value) > _MAX_HEADER or not value.isascii():
        raise BadWebhook("the signature header is missing or malformed")
    pairs = [part.strip().partition("=") for part in value.split(",")]
    times = [text for key, _, text in pairs if key == "t"]
    signatures = [text for key, _, text in pairs if key == "v1"]
    if len(times) != 1 or not times[0].isdigit() or len(times[0]) > 11 or not signatures:
        raise BadWebhook("the signature header is missing or malformed")
    return int(times[0]), signatures
