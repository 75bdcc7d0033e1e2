from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from deploy.standins.stripe.resources import (
    balance,
    charges,
    customers,
    disputes,
    events,
    payment_intents,
    payouts,
    refund_life,
    refunds,
)
from deploy.standins.stripe.resources.expansion import check_paths, expanded
from deploy.standins.stripe.wire.errors import StripeError

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.standins.stripe.account.account import Account
    from deploy.standins.stripe.wire.call import Call, StripeObject

Endpoint: TypeAlias = "Callable[[Account, Call], StripeObject]"

ENDPOINTS: dict[str, Endpoint] = {
    "GET balance": balance.retrieve,
    "GET balance_transactions": balance.list_transactions,
    "GET balance_transactions/*": balance.retrieve_transaction,
    "GET charges": charges.list_all,
    "GET charges/*": charges.retrieve,
    "GET customers": customers.list_all,
    "GET customers/*": customers.retrieve,
    "GET disputes": disputes.list_all,
    "GET disputes/*": disputes.retrieve,
    "GET events": events.list_all,
    "GET events/*": events.retrieve,
    "GET payment_intents": payment_intents.list_all,
    "GET payment_intents/*": payment_intents.retrieve,
    "GET payment_methods": customers.list_payment_methods,
    "GET payment_methods/*": customers.retrieve_payment_method,
    "GET payouts": payouts.list_all,
    "GET payouts/*": payouts.retrieve,
    "GET refunds": refunds.list_all,
    "GET refunds/*": refunds.retrieve,
    "POST customers": customers.create,
    "POST customers/*": customers.update,
    "POST disputes/*/close": disputes.accept,
    "POST payment_intents": payment_intents.create,
    "POST payment_intents/*": payment_intents.update,
    "POST payment_intents/*/cancel": payment_intents.cancel,
    "POST payment_intents/*/capture": payment_intents.capture,
    "POST payment_intents/*/confirm": payment_intents.confirm,
    "POST payment_methods": customers.create_payment_method,
    "POST payment_methods/*/attach": customers.attach_payment_method,
    "POST payouts": payouts.create,
    "POST refunds": refunds.create,
    "POST refunds/*": refunds.update,
    "POST refunds/*/cancel": refunds.cancel,
}


def dispatch(account: Account, call: Call) -> StripeObject:
    """Run the endpoint of a call and return its object with the requested expansions.

    Raises StripeError as Stripe would, also for an address that nobody serves.
    """
    segments = call.path.removeprefix("/v1/").split("/")
    target = segments[1] if len(segments) > 1 else ""
    pattern = "/".join(["*" if place == 1 else part for place, part in enumerate(segments)])
    endpoint = ENDPOINTS.get(f"{call.method} {pattern}")
    if endpoint is None:
        message = f"Unrecognized request URL ({call.method}: {call.path[:200]})."
        raise StripeError(404, "invalid_request_error", message, saved=False)
    paths = call.form.texts("expand")
    check_paths(paths)
    document = endpoint(account, replace(call, target=target))
    if call.method == "POST":
        refund_life.settle_unfunded(account)
    return expanded(account, document, paths)
