"""API keys and what they may do. A key names its audience, proves its spelling and is stored as a hash."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

from services.chassis.kernel.context import ActorType
from services.gateway.domain.errors import unauthenticated

_FORMAT = re.compile(r"(pk|sk|rk)_(test|live)_([0-9A-Za-z]{43})([0-9a-f]{6})")


class Audience(StrEnum):
    """For whom a key was made."""

    SHOP = "shop"
    AGENT = "agent"
    WAREHOUSE = "warehouse"
    FINANCE = "finance"


class Scope(StrEnum):
    """What a route needs. Nothing is allowed that is not listed for the key's audience."""

    POINTS_READ = "points:read"
    POINTS_WRITE = "points:write"
    POINTS_ADJUST = "points:adjust"
    PROGRAMS_WRITE = "programs:write"
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"
    RETURNS_READ = "returns:read"
    RETURNS_WRITE = "returns:write"
    WAREHOUSE_WRITE = "warehouse:write"
    REFUNDS_READ = "refunds:read"
    REFUNDS_CREATE = "refunds:create"
    RECON_READ = "recon:read"
    RECON_RUN = "recon:run"
    EVENTS_READ = "events:read"


_READS = {Scope.POINTS_READ, Scope.ORDERS_READ, Scope.RETURNS_READ, Scope.REFUNDS_READ}

SCOPES: dict[Audience, frozenset[Scope]] = {
    Audience.SHOP: frozenset(
        _READS
        | {
            Scope.POINTS_WRITE,
            Scope.PROGRAMS_WRITE,
            Scope.ORDERS_WRITE,
            Scope.RETURNS_WRITE,
            Scope.EVENTS_READ,
        }
    ),
    Audience.AGENT: frozenset(
        _READS | {Scope.POINTS_ADJUST, Scope.RETURNS_WRITE, Scope.REFUNDS_CREATE, Scope.EVENTS_READ}
    ),
    Audience.WAREHOUSE: frozenset({Scope.RETURNS_READ, Scope.WAREHOUSE_WRITE}),
    Audience.FINANCE: frozenset(_READS | {Scope.RECON_READ, Scope.RECON_RUN, Scope.EVENTS_READ}),
}

ACTORS: dict[Audience, ActorType] = {
    Audience.SHOP: ActorType.SYSTEM,
    Audience.AGENT: ActorType.AGENT,
    Audience.WAREHOUSE: ActorType.WAREHOUSE,
    Audience.FINANCE: ActorType.FINANCE,
}


@dataclass(frozen=True, slots=True)
class Credential:
    """A proven key: whose it is and what it may do."""

    key_id: str
    tenant_id: str
    audience: Audience

    @property
    def scopes(self) -> frozenset[Scope]:
        """What it may do."""
        return SCOPES[self.audience]


def new_key(kind: str = "sk", mode: str = "test") -> str:
    """A fresh key with 256 random bits and a checksum, such as `sk_test_…`. Shown once, never stored."""
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    body = "".join(secrets.choice(alphabet) for _ in range(43))
    return f"{kind}_{mode}_{body}{_checksum(kind, mode, body)}"


def check_spelling(key: str) -> None:
    """Refuse what cannot be a key of ours before any look-up. Raises UNAUTHENTICATED BAD_API_KEY."""
    match = _FORMAT.fullmatch(key)
    if match is None or not hmac.compare_digest(_checksum(*match.groups()[:3]), match[4]):
        raise unauthenticated(
            "BAD_API_KEY", "this is not an Aftercare API key; check that it was copied whole"
        )


def hashed(key: str, pepper: str) -> str:
    """What is stored and looked up: HMAC-SHA-256 under the installation's pepper, hex."""
    return hmac.new(pepper.encode(), key.encode(), hashlib.sha256).hexdigest()


def _checksum(kind: str, mode: str, body: str) -> str:
    return hashlib.sha256(f"{kind}{mode}{body}".encode()).hexdigest()[:6]
