from __future__ import annotations

import copy
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from deploy.standins.stripe.account.collection import RecentCollection

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.standins.stripe.wire.call import StripeObject

API_VERSION = "2026-10-28.endive"
MAX_HOOKS = 16


@dataclass(frozen=True)
class Hook:
    """A registered webhook endpoint; `events` may hold exact types and `refund.*` patterns."""

    url: str
    secret: str
    events: tuple[str, ...] = ("*",)

    def wants(self, event_type: str) -> bool:
        return any(matches(pattern, event_type) for pattern in self.events)


def matches(pattern: str, event_type: str) -> bool:
    """Say whether an exact type or a pattern that ends in `*` covers this type."""
    if pattern.endswith("*"):
        return event_type.startswith(pattern[:-1])
    return event_type == pattern


class EventLog:
    """The events of an account, who still has to receive them, and who is told at once."""

    def __init__(self, limit: int, hooks: list[Hook]) -> None:
        self.rows = RecentCollection("event", limit)
        self.hooks = list(hooks)
        self.deliver_at_once = True
        self.closed = False
        self._limit = limit
        self._awaiting: OrderedDict[str, set[str]] = OrderedDict()  # hook urls by event
        self._deliver: Callable[[StripeObject, Hook], None] | None = None

    def deliver_with(self, deliver: Callable[[StripeObject, Hook], None]) -> None:
        """Name what carries new events to the hooks."""
        self._deliver = deliver

    def register(self, hook: Hook) -> None:
        """Add a hook, or replace the one with the same address. Raises ValueError when full."""
        others = [known for known in self.hooks if known.url != hook.url]
        if len(others) >= MAX_HOOKS:
            raise ValueError(f"at most {MAX_HOOKS} hooks can be registered")
        self.hooks = [*others, hook]

    def emit(
        self,
        event_id: str,
        created: int,
        event_type: str,
        subject: StripeObject,
        *,
        origin: StripeObject | None = None,
        previous: StripeObject | None = None,
    ) -> StripeObject:
        """Append an event with a snapshot of its subject and hand it to every interested hook."""
        data: StripeObject = {"object": copy.deepcopy(subject)}
        if previous is not None:
            data["previous_attributes"] = previous
        hooks = [hook for hook in self.hooks if hook.wants(event_type)]
        event = self.rows.add(
            {
                "id": event_id,
                "object": "event",
                "api_version": API_VERSION,
                "created": created,
                "data": data,
                "livemode": False,
                "pending_webhooks": len(hooks),
                "request": origin or {"id": None, "idempotency_key": None},
                "type": event_type,
            },
        )
        if hooks:
            self._await(event_id, hooks)
        if self.deliver_at_once and self._deliver:
            for hook in hooks:
                self._deliver(event, hook)
        return event

    def delivered(self, event: StripeObject, hook: Hook) -> None:
        """Note that an endpoint has an event; hearing of it again changes nothing."""
        urls = self._awaiting.get(event["id"], set())
        urls.discard(hook.url)
        event["pending_webhooks"] = len(urls)
        if not urls:
            self._awaiting.pop(event["id"], None)

    def redeliverable(self, prefix: str, limit: int) -> list[StripeObject]:
        """Return up to `limit` of the newest events of these types, newest first."""
        found: list[StripeObject] = []
        for event in self.rows.newest_first({}):
            if len(found) == limit:
                break
            if event["type"].startswith(prefix):
                found.append(event)
        return found

    def _await(self, event_id: str, hooks: list[Hook]) -> None:
        self._awaiting[event_id] = {hook.url for hook in hooks}
        if len(self._awaiting) > self._limit:
            self._awaiting.popitem(last=False)
