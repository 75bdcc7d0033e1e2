"""Who asks for what: the head of every request, as application code sees it."""

from dataclasses import dataclass
from enum import StrEnum


class ActorType(StrEnum):
    """Kinds of people and machines that act."""

    CUSTOMER = "CUSTOMER"
    GUEST = "GUEST"
    AGENT = "AGENT"
    SUPERVISOR = "SUPERVISOR"
    WAREHOUSE = "WAREHOUSE"
    FINANCE = "FINANCE"
    SYSTEM = "SYSTEM"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody or something that acts; `id` is opaque, never personal data."""

    type: ActorType
    id: str


@dataclass(frozen=True, slots=True)
class RequestContext:
    """The head of a request.

    `fingerprint` is the SHA-256 of the request's body without this context (hex), made by the entry
    point; with `idempotency_key` it tells a retry from a reused key.
    """

    tenant_id: str
    actor: Actor
    idempotency_key: str = ""
    fingerprint: str = ""
    reason_code: str = ""
    channel: str = ""


def system_context(tenant_id: str, process: str, idempotency_key: str = "") -> RequestContext:
    """The context of our own processes, such as `returns.work`."""
    return RequestContext(tenant_id, Actor(ActorType.SYSTEM, process), idempotency_key)
