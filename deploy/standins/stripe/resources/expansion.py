from __future__ import annotations

from typing import TYPE_CHECKING

from deploy.standins.stripe.wire.errors import malformed

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import StripeObject

MAX_DEPTH = 4
MAX_PATHS = 20
EXPANDABLE = {
    "balance_transaction",
    "charge",
    "customer",
    "failure_balance_transaction",
    "latest_charge",
    "payment_intent",
    "payment_method",
    "source",
}


def check_paths(paths: list[str]) -> None:
    """Refuse expansions that no object has. To be called before a request takes effect."""
    if len(paths) > MAX_PATHS:
        raise malformed(f"You cannot expand more than {MAX_PATHS} properties", param="expand")
    for path in paths:
        segments = path.removeprefix("data.").split(".")
        if len(segments) > MAX_DEPTH:
            message = f"You cannot expand more than {MAX_DEPTH} levels of a property ({path[:100]})"
            raise malformed(message, param="expand")
        if not EXPANDABLE.issuperset(segments):
            raise malformed(f"This property cannot be expanded ({path[:100]}).", param="expand")


def expanded(account: Account, document: StripeObject, paths: list[str]) -> StripeObject:
    """Return the document with the ids at these paths replaced by their objects.

    Without paths an id stays a string (`latest_charge`), which is what callers trip over. The
    stored objects are never changed: every level on the way is copied.
    """
    for path in paths:
        document = _expand(account, document, path.split("."))
    return document


def _expand(account: Account, document: StripeObject, segments: list[str]) -> StripeObject:
    name, rest = segments[0], segments[1:]
    value = document.get(name)
    if isinstance(value, list):
        return {**document, name: [_expand(account, item, rest) for item in value if rest]}
    grown = account.find(value) if isinstance(value, str) else value
    if grown is None:
        return document
    return {**document, name: _expand(account, grown, rest) if rest else grown}
