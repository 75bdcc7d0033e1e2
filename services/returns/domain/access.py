"""Who may see and do what. The gateway asks too; the service that owns the data decides."""

from services.chassis.kernel.context import Actor, ActorType
from services.returns.domain.errors import role_not_allowed

_OUTSIDE = frozenset({ActorType.CUSTOMER, ActorType.GUEST})


def is_hidden_from(actor: Actor, customer_id: str) -> bool:
    """Whether a customer asks for another one's things: to them these do not exist."""
    return actor.type is ActorType.CUSTOMER and actor.id != customer_id


def check_staff(actor: Actor, act: str) -> None:
    """Raises PERMISSION_DENIED for customers and guests."""
    if actor.type in _OUTSIDE:
        raise role_not_allowed(actor.type, act)
