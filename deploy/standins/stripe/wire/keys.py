import base64
import binascii
import re

from deploy.standins.stripe.wire.errors import StripeError

_LIVE = re.compile(r"^[a-z]+(_[a-z]+)?_live_")
_TEST = re.compile(r"^(sk|rk)_test_[A-Za-z0-9_]+$")

NO_LIVE_KEYS = (
    "This is a local Stripe stand-in and it never serves live keys. "
    "A live key reached it, so roll that key and point the caller at a test key."
)


def presented_key(authorization: str | None) -> str:
    """Return the key of a Bearer or Basic header, or an empty string."""
    scheme, _, value = (authorization or "").strip().partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


def refuse_live_key(authorization: str | None) -> None:
    """Raise a 401 for a live key of any kind, wherever it was sent. The key is not repeated."""
    if _LIVE.match(presented_key(authorization)):
        raise StripeError(401, "invalid_request_error", NO_LIVE_KEYS, saved=False)


def require_test_key(authorization: str | None) -> None:
    """Raise Stripe's 401 unless the request bears an `sk_test_` or `rk_test_` key."""
    key = presented_key(authorization)
    if _TEST.match(key):
        return
    message = (
        f"Invalid API Key provided: {_masked(key)}"
        if key
        else "You did not provide an API key. You need to provide your API key in the Authorization "
        "header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY')."
    )
    raise StripeError(401, "invalid_request_error", message, saved=False)


def _masked(key: str) -> str:
    return f"{key[:8]}{'*' * min(len(key[8:-4]), 20)}{key[-4:]}" if len(key) > 16 else "*" * len(key)
