from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import required
from deploy.standins.stripe.account.event_log import matches
from deploy.standins.stripe.resources.listing import PAGING, page
from deploy.standins.stripe.wire.errors import malformed, no_such

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import Call, StripeObject

KEPT_SECONDS = 30 * 24 * 60 * 60
MAX_TYPES = 20


def retrieve(account: Account, call: Call) -> StripeObject:
    event = required(account.events.rows, call.target)
    if event["created"] < account.clock.now() - KEPT_SECONDS:
        raise no_such("event", call.target)
    return event


def list_all(account: Account, call: Call) -> StripeObject:
    """List the events of the last 30 days, by `type` or `types` and by `delivery_success`."""
    form = call.form
    form.only("type", "types", "delivery_success", *PAGING)
    single, several = form.text("type"), form.texts("types")
    if single and several:
        raise malformed("You may only specify one of these parameters: type, types.")
    if len(several) > MAX_TYPES:
        raise malformed(f"You may only specify up to {MAX_TYPES} types.", param="types")
    patterns = several or ([single] if single else ["*"])
    delivered = form.flag("delivery_success")

    def wanted(event: StripeObject) -> bool:
        if delivered is not None and delivered != (event["pending_webhooks"] == 0):
            return False
        return any(matches(pattern, event["type"]) for pattern in patterns)

    oldest = account.clock.now() - KEPT_SECONDS
    return page(account.events.rows, call, keep=wanted, not_before=oldest)
