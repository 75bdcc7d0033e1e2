from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from deploy.standins.stripe.wire.errors import StripeError
    from deploy.standins.stripe.wire.form import Form

StripeObject: TypeAlias = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One API request after parsing; `target` is the id in its path, or empty."""

    method: str
    path: str
    form: Form
    fingerprint: str
    request_id: str | None  # None for what happens at the dashboard
    idempotency_key: str | None = None
    target: str = ""

    @property
    def origin(self) -> StripeObject:
        """What the events of this request carry as `request`."""
        return {"id": self.request_id, "idempotency_key": self.idempotency_key}


@dataclass(frozen=True)
class Answer:
    """A finished response; the body is bytes, so that a replay is the same to the byte."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, status: int, document: object, headers: dict[str, str] | None = None) -> Answer:
        return cls(status, json.dumps(document).encode(), headers or {})

    @classmethod
    def refusal(cls, error: StripeError) -> Answer:
        return cls.of(error.status, error.body, error.headers)


def fingerprint(pairs: list[tuple[str, str]]) -> str:
    """Digest the parameters without their order: Stripe compares parameters, not bytes."""
    canonical = json.dumps(sorted(pairs))
    return hashlib.sha256(canonical.encode()).hexdigest()
