from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from deploy.standins.stripe.wire.errors import StripeError, internal_error

KINDS = (
    "drop_before",
    "drop_after",
    "hang_before",
    "hang_after",
    "slow",
    "429",
    "500_before",
    "500_stored",
    "500_after",
)
TIMED = ("hang_before", "hang_after", "slow")
MAX_RULES = 100


class ConnectionDroppedError(Exception):
    """The caller gets no answer: its connection is closed."""


@dataclass(eq=False)
class Fault:
    """A rule that spoils `times` requests to `on` ("POST /v1/refunds") after letting `skip` pass.

    A `*` segment of the path stands for any id. `seconds` counts for the timed kinds; `code` and
    `headers` for the kinds that answer.
    """

    kind: str
    on: str
    times: int = 1
    skip: int = 0
    seconds: float = 0.0
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def covers(self, method: str, path: str) -> bool:
        wanted_method, _, wanted_path = self.on.partition(" ")
        wanted, given = wanted_path.split("/"), path.split("/")
        return (
            wanted_method == method
            and len(wanted) == len(given)
            and all(pattern in ("*", segment) for pattern, segment in zip(wanted, given, strict=True))
        )


class Faults:
    """The rules in force, tried in the order they were set."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def add(self, fault: Fault) -> None:
        if len(self.rules) >= MAX_RULES:
            raise ValueError(f"at most {MAX_RULES} faults can wait; reset clears them")
        self.rules.append(fault)

    def take(self, method: str, path: str) -> Fault | None:
        """Return the rule that spoils this request, and use it up by one."""
        for rule in self.rules:
            if not rule.covers(method, path):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            rule.times -= 1
            if rule.times == 0:
                self.rules.remove(rule)
            return rule
        return None


async def before_idempotency(fault: Fault | None) -> None:
    """Act out what happens before Stripe looks at the key: nothing is saved, nothing happens."""
    match fault:
        case Fault(kind="429"):
            raise _rate_limited(fault)
        case Fault(kind="500_before"):
            raise internal_error(fault.headers)
        case Fault(kind="hang_before"):
            await asyncio.sleep(fault.seconds)
            raise ConnectionDroppedError
        case Fault(kind="drop_before"):
            raise ConnectionDroppedError


async def after_effect(fault: Fault | None) -> None:
    """Act out an answer that is lost after the effect and the saved answer stand."""
    match fault:
        case Fault(kind="hang_after"):
            await asyncio.sleep(fault.seconds)
            raise ConnectionDroppedError
        case Fault(kind="drop_after"):
            raise ConnectionDroppedError


def _rate_limited(fault: Fault) -> StripeError:
    code = fault.code or "rate_limit"
    message = (
        "This object cannot be accessed right now because another API request or Stripe process "
        "is currently accessing it."
        if code == "lock_timeout"
        else "Request rate limit exceeded. You can learn more about rate limits in Stripe's docs."
    )
    return StripeError(429, "invalid_request_error", message, code=code, headers=fault.headers, saved=False)
