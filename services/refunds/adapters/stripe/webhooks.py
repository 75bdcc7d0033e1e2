"""Stripe's webhooks: is it from Stripe, and what does it say."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

import stripe

from services.refunds.adapters.stripe.mapping import to_refund
from services.refunds.domain.provider import BadSignatureError, ProviderEvent, UnreadableEventError

TOLERANCE_SECONDS = 300  # 0 would switch the age check off


class StripeWebhooks:
    """See `application.ports.provider.WebhookVerifier`. Several secrets are valid while one is rolled."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    def verify(self, raw_body: bytes, signature: str) -> ProviderEvent:
        """See the port. The body is checked byte for byte, before anything of it is believed."""
        if not any(self._signed_with(secret, raw_body, signature) for secret in self._secrets):
            raise BadSignatureError
        return _event(raw_body)

    def _signed_with(self, secret: str, raw_body: bytes, signature: str) -> bool:
        try:
            stripe.WebhookSignature.verify_header(
                raw_body.decode(), signature, secret, tolerance=TOLERANCE_SECONDS
            )
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            return False
        return True


def _event(raw_body: bytes) -> ProviderEvent:
    try:
        event = json.loads(raw_body)
        if event.get("object") != "event":
            raise UnreadableEventError(f"object is {event.get('object')!r}")
        inside = event["data"]["object"]
        return ProviderEvent(
            id=str(event["id"]),
            type=str(event["type"]),
            created_at=datetime.fromtimestamp(int(event["created"]), UTC),
            object_id=str(inside.get("id", "")),
            refund=to_refund(inside) if inside.get("object") == "refund" else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableEventError(f"{type(error).__name__}: {error}") from error
