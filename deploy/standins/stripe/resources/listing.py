from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from deploy.standins.stripe.wire.errors import malformed, no_such

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from deploy.standins.stripe.account.collection import Collection
    from deploy.standins.stripe.wire.call import Call, StripeObject
    from deploy.standins.stripe.wire.form import Form

PAGING = ("limit", "starting_after", "ending_before", "created")
MAX_LIMIT = 100


def page(
    collection: Collection,
    call: Call,
    *fields: str,
    keep: Callable[[StripeObject], bool] | None = None,
    not_before: int = 0,
) -> StripeObject:
    """Answer a list call: newest first, filtered by equal `fields`, `created` and `keep`.

    `not_before` is the oldest `created` that is served at all, whatever the caller asks for.
    """
    form = call.form
    limit = _limit(form)
    since, until = _created_range(form)
    since = max(since, not_before)
    where = {name: value for name in fields if (value := form.text(name)) is not None}
    after, before = (_cursor(collection, form, n) for n in ("starting_after", "ending_before"))
    if before is None:
        rows = _down_to(collection.newest_first(where, after), since)
    else:
        rows = collection.oldest_first(where, before)
    wanted = (row for row in rows if since <= row["created"] <= until and (keep is None or keep(row)))
    found = list(islice(wanted, limit + 1))
    data = found[:limit] if before is None else found[:limit][::-1]
    return {"object": "list", "url": call.path, "has_more": len(found) > limit, "data": data}


def _limit(form: Form) -> int:
    limit = form.integer("limit")
    if limit is None:
        return 10
    if not 1 <= limit <= MAX_LIMIT:
        message = f"Invalid limit: must be between 1 and {MAX_LIMIT}"
        raise malformed(message, code="parameter_invalid_integer", param="limit")
    return limit


def _created_range(form: Form) -> tuple[int, int]:
    """Return the first and the last second that `created` allows, both included."""
    since, until = 0, 2**62
    if not form.has("created"):
        return since, until
    if not form.is_hash("created"):
        exact = form.integer("created") or 0
        return exact, exact
    bounds = form.hash("created")
    bounds.only("gt", "gte", "lt", "lte")
    for name in bounds.names():
        value = bounds.integer(name) or 0
        match name:
            case "gt":
                since = max(since, value + 1)
            case "gte":
                since = max(since, value)
            case "lt":
                until = min(until, value - 1)
            case _:
                until = min(until, value)
    return since, until


def _cursor(collection: Collection, form: Form, name: str) -> str | None:
    object_id = form.text(name)
    if object_id is not None and collection.get(object_id) is None:
        raise no_such(collection.kind, object_id, name)
    return object_id


def _down_to(rows: Iterable[StripeObject], since: int) -> Iterator[StripeObject]:
    """Stop at the first row that is too old: rows come newest first and time never runs back."""
    for row in rows:
        if row["created"] < since:
            return
        yield row
