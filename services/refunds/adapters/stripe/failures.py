"""What the SDK's exceptions mean (the outcome table of refunds.md 4.4)."""

import stripe

from services.refunds.domain.provider import ProviderTroubleError, Trouble

_TOO_MUCH = "is greater than unrefunded amount on charge"  # Stripe gives this refusal no code


def trouble_of(error: stripe.StripeError) -> ProviderTroubleError:
    """The trouble behind an SDK exception."""
    code = _code(error)
    message = (error.user_message or str(error))[:300]
    return ProviderTroubleError(_kind(error, code, message), message, code, _retry_after(error))


def _kind(error: stripe.StripeError, code: str, message: str) -> Trouble:  # noqa: PLR0911 - one row of the table each
    status = error.http_status or 0
    if isinstance(error, stripe.APIConnectionError) or not status:
        return Trouble.NETWORK
    if isinstance(error, stripe.RateLimitError) or status == 429:
        return Trouble.RATE_LIMITED
    if isinstance(error, stripe.IdempotencyError):
        return Trouble.KEY_MISMATCH
    if status == 409:
        return Trouble.IN_PROGRESS
    if status >= 500:
        return Trouble.SERVER_ERROR
    if status in {401, 403}:
        return Trouble.UNAUTHORISED
    if code == "charge_already_refunded" or _TOO_MUCH in message:
        return Trouble.ALREADY_REFUNDED
    if code == "charge_disputed":
        return Trouble.DISPUTED
    return Trouble.REFUSED


def _code(error: stripe.StripeError) -> str:
    # For a 409 and a 429 the SDK leaves `e.code` empty and has it in `e.error.code` only.
    inner = getattr(error, "error", None)
    return error.code or getattr(inner, "code", None) or ""


def _retry_after(error: stripe.StripeError) -> float | None:
    """Seconds the provider asked us to wait; the SDK ignores the header."""
    for name, value in (error.headers or {}).items():
        if name.lower() == "retry-after":
            try:
                return min(max(float(value), 0.0), 3600.0)
            except ValueError:
                return None
    return None
