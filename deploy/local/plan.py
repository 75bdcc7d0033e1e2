"""Everything the supervisor needs to know, decided before anything starts."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from deploy.local.home import Home
from deploy.local.identity import Identity, identity_of
from deploy.local.parts.environment import (
    COURIER_WEBHOOK_PATH,
    REPLACEABLE,
    STRIPE_WEBHOOK_PATH,
    service_environment,
)
from deploy.local.parts.mongo import mongo_part, mongodb_uri
from deploy.local.parts.part import Part
from deploy.local.parts.rabbit import amqp_uri, rabbit_parts
from deploy.local.parts.services import process_names, service_parts
from deploy.local.parts.standins import courier_part, mail_part, stripe_part
from deploy.local.ports import OPS_PREFIX, Moved, Ports

Group = Literal["mongo", "rabbit", "stripe", "courier", "mail", "services"]
EVERYTHING: frozenset[Group] = frozenset(get_args(Group))
PORTS_OF: Mapping[Group, tuple[str, ...]] = {
    "services": (
        *("gateway", "loyalty", "returns", "refunds"),
        *(f"{OPS_PREFIX}{name}" for name in process_names()),
    ),
    "mongo": ("mongo",),
    "rabbit": ("rabbit", "rabbit-dist", "epmd"),
    "stripe": ("stripe",),
    "courier": ("courier",),
    "mail": ("smtp", "mail"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """The parts to run and what people are told about them."""

    parts: tuple[Part, ...]
    ports: Mapping[str, int]
    moved: tuple[Moved, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """A form that `from_json` reads back. `moved` is for whoever plans and is left out."""
        return {
            "parts": [part.to_json() for part in self.parts],
            "ports": dict(self.ports),
            "urls": dict(self.urls),
            "credentials": dict(self.credentials),
            "environment": dict(self.environment),
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Plan":
        """The plan that `to_json` wrote."""
        return cls(**{**raw, "parts": tuple(Part.from_json(part) for part in raw["parts"])})


def make_plan(
    home: Home,
    groups: Collection[Group],
    choose: Callable[[Iterable[str]], Ports],
    theirs: Mapping[str, str],
) -> Plan:
    """Decide what to start.

    `theirs` is the user's environment: what it replaces is not started. `choose` gives the ports. Raises
    StackError where a port or a binary is missing.
    """
    local = [group for group in PORTS_OF if group in groups and not _replaced(group, theirs)]
    chosen = choose([name for group in local for name in PORTS_OF[group]])
    identity = identity_of(home)
    parts = list(_infrastructure(home, local, chosen.of, identity))
    environment: dict[str, str] = {}
    if "services" in local:
        environment = service_environment(chosen.of, identity, theirs)
        needs = tuple(part.name for part in parts if part.name in {"mongo", "rabbit"})
        parts += service_parts(chosen.of, environment, needs)
    return Plan(
        parts=tuple(parts),
        ports=chosen.of,
        moved=chosen.moved,
        urls=_urls(local, chosen.of, theirs),
        credentials=dict(identity.keys) if "services" in local else {},
        environment=environment,
    )


def _replaced(group: Group, theirs: Mapping[str, str]) -> bool:
    return any(theirs.get(variable) and part == group for variable, part in REPLACEABLE.items())


def _infrastructure(
    home: Home, local: list[Group], ports: Mapping[str, int], identity: Identity
) -> Iterable[Part]:
    gateway = f"http://127.0.0.1:{ports.get('gateway', 0)}"
    if "mongo" in local:
        yield mongo_part(home, ports["mongo"])
    if "rabbit" in local:
        yield from rabbit_parts(home, identity.node, ports["rabbit"], ports["rabbit-dist"], ports["epmd"])
    if "stripe" in local:
        yield stripe_part(ports, identity, gateway + STRIPE_WEBHOOK_PATH)
    if "courier" in local:
        yield courier_part(ports, identity, gateway + COURIER_WEBHOOK_PATH)
    if "mail" in local:
        yield mail_part(ports)


def _urls(local: list[Group], ports: Mapping[str, int], theirs: Mapping[str, str]) -> dict[str, str]:
    urls: dict[str, str] = {}
    if "services" in local:
        urls["gateway"] = f"http://127.0.0.1:{ports['gateway']}"
        urls |= {name: f"127.0.0.1:{ports[name]}" for name in ("loyalty", "returns", "refunds")}
    if "mongo" in local:
        urls["mongodb"] = mongodb_uri(ports["mongo"])
    elif uri := theirs.get("MONGODB_URI"):
        urls["mongodb"] = uri
    if "rabbit" in local:
        urls["amqp"] = amqp_uri(ports["rabbit"])
    elif uri := theirs.get("AMQP_URI"):
        urls["amqp"] = uri
    urls |= {
        name: f"http://127.0.0.1:{ports[name]}" for name in ("stripe", "courier", "mail") if name in local
    }
    return urls
