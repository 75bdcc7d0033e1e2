"""Controls over what happens to money without our asking: banks, cardholders, the dashboard."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import PlannedRefund
from deploy.standins.stripe.account.ledger import DEFAULT_CURRENCY
from deploy.standins.stripe.account.money import Conversion
from deploy.standins.stripe.control.body import Body, BodyError
from deploy.standins.stripe.resources import disputes, payouts, refund_life, refunds
from deploy.standins.stripe.wire.call import Call
from deploy.standins.stripe.wire.errors import StripeError
from deploy.standins.stripe.wire.form import MAX_AMOUNT, Form

if TYPE_CHECKING:
    from deploy.standins.stripe.account.collection import Collection
    from deploy.standins.stripe.server import StandIn
    from deploy.standins.stripe.wire.call import StripeObject

MAX_PLANNED_REFUNDS = 1_000


def _named(collection: Collection, body: Body, name: str) -> StripeObject:
    object_id = body.text(name)
    found = collection.get(object_id)
    if found is None:
        raise BodyError(f"{name}: there is no {collection.kind} {object_id!r}")
    return found


async def transition(stand_in: StandIn, values: object) -> StripeObject:
    """Move a refund to another status, as its bank would."""
    body = Body(values, ("id", "status", "reason"))
    account = stand_in.sandbox.account
    refund = _named(account.refunds, body, "id")
    status = body.choice("status", refund_life.STATUSES)
    reason = None
    if body.has("reason"):
        reason = body.choice("reason", refund_life.FAILURE_REASONS)
    try:
        changed = refund_life.transition(account, refund, status, reason)
    except refund_life.NotAllowedError as cause:
        raise BodyError(str(cause)) from cause
    return {"ok": True, "changed": changed, "refund": refund}


async def plan_refund(stand_in: StandIn, values: object) -> StripeObject:
    """Say how the next `times` refunds start; they then stay so until a transition."""
    body = Body(values, ("status", "pending_reason", "fee", "times"))
    status = body.choice("status", ("pending", "requires_action", "succeeded"), "succeeded")
    reason = None
    if body.has("pending_reason"):
        reason = body.choice("pending_reason", refund_life.PENDING_REASONS)
    fee = body.integer("fee", 0, low=0, high=MAX_AMOUNT)
    times = body.integer("times", 1, low=1, high=MAX_PLANNED_REFUNDS)
    planned = stand_in.sandbox.account.planned_refunds
    if len(planned) + times > MAX_PLANNED_REFUNDS:
        raise BodyError(f"at most {MAX_PLANNED_REFUNDS} refunds can be planned")
    planned.extend([PlannedRefund(status, reason, fee)] * times)
    return {"ok": True}


async def external_refund(stand_in: StandIn, values: object) -> StripeObject:
    """Refund as someone at the dashboard would: no key, no metadata of ours, no request."""
    body = Body(values, ("payment_intent", "charge", "amount", "reason", "metadata"))
    account = stand_in.sandbox.account
    names = ("payment_intent", "charge", "reason")
    fields: dict[str, str] = {name: body.text(name) for name in names if body.has(name)}
    if body.has("amount"):
        fields["amount"] = str(body.integer("amount", low=1, high=MAX_AMOUNT))
    form = Form({**fields, "metadata": dict(body.strings("metadata"))})
    call = _outside_call("/v1/refunds", form)
    try:
        return {"ok": True, "refund": refunds.create(account, call)}
    except StripeError as cause:
        raise BodyError(str(cause)) from cause


def _outside_call(path: str, form: Form) -> Call:
    """Make a call that no request stands behind; its events carry a null request."""
    return Call(method="POST", path=path, form=form, fingerprint="", request_id=None)


async def dispute(stand_in: StandIn, values: object) -> StripeObject:
    """Open a dispute on a charge, or an inquiry, for `amount` or all that was captured."""
    body = Body(values, ("charge", "amount", "reason", "inquiry"))
    account = stand_in.sandbox.account
    charge = _named(account.charges, body, "charge")
    if not charge["captured"] or charge["refunded"]:
        raise BodyError("charge: only a captured and not fully refunded charge can be disputed")
    opened = account.disputes.newest_first({"charge": charge["id"]})
    if any(held["status"] in disputes.OPEN_STATUSES for held in opened):
        raise BodyError("charge: a dispute is already open on it")
    captured = charge["amount_captured"]
    complaint = disputes.Complaint(
        amount=body.integer("amount", captured, low=1, high=captured),
        reason=body.text("reason", "general"),
        inquiry=body.flag("inquiry", default=False),
    )
    return {"ok": True, "dispute": disputes.open_dispute(account, charge, complaint)}


async def close_dispute(stand_in: StandIn, values: object) -> StripeObject:
    """Close a dispute: `won` brings funds and fee back, `lost` leaves them withdrawn."""
    body = Body(values, ("id", "outcome"))
    account = stand_in.sandbox.account
    held = _named(account.disputes, body, "id")
    outcome = body.choice("outcome", ("won", "lost"))
    if held["status"] not in disputes.OPEN_STATUSES:
        raise BodyError(f"id: the dispute is already {held['status']}")
    return {"ok": True, "dispute": disputes.settle(account, held, outcome)}


async def payout(stand_in: StandIn, values: object) -> StripeObject:
    """Pay out automatically all that no automatic payout carried yet, in one currency."""
    body = Body(values, ("currency",))
    account = stand_in.sandbox.account
    currency = body.text("currency", DEFAULT_CURRENCY)
    made = payouts.pay_out_automatically(account, currency)
    if made is None:
        raise BodyError(f"currency: there is nothing to pay out in {currency}")
    return {"ok": True, "payout": made}


async def fail_payout(stand_in: StandIn, values: object) -> StripeObject:
    """Let the bank return a payout."""
    body = Body(values, ("id",))
    account = stand_in.sandbox.account
    held = _named(account.payouts, body, "id")
    if held["status"] != "paid":
        raise BodyError(f"id: the payout is already {held['status']}")
    return {"ok": True, "payout": payouts.fail(account, held)}


async def set_funds(stand_in: StandIn, values: object) -> StripeObject:
    """Say what a refund does that the balance cannot pay: overdraw, pend or refuse."""
    body = Body(values, ("when_short",))
    ledger = stand_in.sandbox.account.ledger
    match body.choice("when_short", ("overdraw", "pend", "refuse")):
        case "pend":
            ledger.when_short = "pend"
        case "refuse":
            ledger.when_short = "refuse"
        case _:
            ledger.when_short = "overdraw"
    refund_life.settle_unfunded(stand_in.sandbox.account)
    return {"ok": True}


async def set_exchange_rate(stand_in: StandIn, values: object) -> StripeObject:
    """Settle a presentment currency in another one at a decimal rate, from now on."""
    body = Body(values, ("from", "to", "rate"))
    source, target = body.text("from"), body.text("to", DEFAULT_CURRENCY)
    rate = body.text("rate")
    for currency in (source, target):
        if not re.fullmatch("[a-z]{3}", currency):
            raise BodyError(f"from and to must be lower-case currency codes; got {currency!r}")
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,8})?", rate) or not Fraction(rate):
        raise BodyError(f"rate must be a positive decimal in a string, such as '0.9200'; got {rate!r}")
    conversions = stand_in.sandbox.account.ledger.conversions
    if source not in conversions and len(conversions) >= 200:
        raise BodyError("at most 200 currencies can have a rate")
    conversions[source] = Conversion(target, Fraction(rate))
    return {"ok": True}
