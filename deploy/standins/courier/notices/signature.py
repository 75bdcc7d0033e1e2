"""How Kurier signs a notice: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

HEADER: Final = "X-Kurier-Signature"


def sign(secret: str, body: bytes, sent_at: int) -> str:
    """The header's value. The time is signed too, so that an old notice cannot be passed off as new."""
    signed = str(sent_at).encode() + b"." + body
    return f"t={sent_at},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
