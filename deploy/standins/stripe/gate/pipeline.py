from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from deploy.standins.stripe.account.account import Account
from deploy.standins.stripe.gate.faults import Fault, Faults, after_effect, before_idempotency
from deploy.standins.stripe.gate.idempotency import IdempotencyKeys
from deploy.standins.stripe.gate.log import WireLog
from deploy.standins.stripe.resources.routes import dispatch
from deploy.standins.stripe.wire.call import Answer
from deploy.standins.stripe.wire.errors import StripeError, internal_error

if TYPE_CHECKING:
    from deploy.standins.stripe.account.account import Settings
    from deploy.standins.stripe.wire.call import Call


class Sandbox:
    """One account with its keys, faults and log. A reset replaces the whole of it.

    A request keeps the sandbox it arrived in, so one that outlasts a reset changes nothing after.
    """

    def __init__(self, settings: Settings) -> None:
        self.account = Account(settings)
        self.keys = IdempotencyKeys(self.account.clock, settings.limits.idempotency_keys)
        self.faults = Faults()
        self.log = WireLog(settings.limits.wire_entries)


async def answer(sandbox: Sandbox, call: Call, fault: Fault | None) -> Answer:
    """Answer a call in Stripe's order: rate limit, idempotency, effect, saved answer.

    Raises ConnectionDroppedError when a fault takes the answer away, and StripeError for refusals
    that never reach the endpoint.
    """
    await before_idempotency(fault)
    outcome = sandbox.keys.begin(call)
    if outcome is None:
        try:
            if fault and fault.kind == "slow":
                await asyncio.sleep(fault.seconds)  # in flight: the key answers 409 meanwhile
            outcome = _run(sandbox, call, fault)
        finally:
            sandbox.keys.release(call)
    await after_effect(fault)
    return outcome


def _run(sandbox: Sandbox, call: Call, fault: Fault | None) -> Answer:
    """Take effect and save the answer in one step that nothing can interrupt."""
    kind = fault.kind if fault else None
    keep = True
    try:
        if fault and kind == "500_stored":
            raise internal_error(fault.headers)
        outcome = Answer.of(200, dispatch(sandbox.account, call))
    except StripeError as error:
        outcome, keep = Answer.refusal(error), error.saved
    if fault and kind == "500_after":
        outcome = Answer.refusal(internal_error(fault.headers))
    return sandbox.keys.save(call, outcome) if keep else outcome
