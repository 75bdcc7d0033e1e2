"""Exactly what would come back, signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.returns.application.loading import load_order
from services.returns.application.ports import Ports
from services.returns.domain.cases.opening import check_size
from services.returns.domain.quoting.quote import AskedLine, Quote, check_window, compute_quote
from services.returns.domain.quoting.quote_token import Promise, figures_of, sign


@dataclass(frozen=True, slots=True)
class SignedQuote:
    """The figures, the token that holds us to them, and until when it does."""

    quote: Quote
    token: str
    expires_at: datetime
    refund_due_at: datetime


async def quote_return(
    ports: Ports, ctx: RequestContext, order_id: str, asked: Sequence[AskedLine]
) -> SignedQuote:
    """What the asked units give back.

    Raises ORDER_NOT_FOUND, NOT_DELIVERED, WINDOW_CLOSED, RETURN_EXCEEDS_ORDER, UNITS_ALREADY_ON_RETURN,
    RETURN_TOO_LARGE.
    """
    now, policy = ports.clock.now(), ports.policy
    order = await ports.uow.read(lambda tx: load_order(tx, ctx, order_id))
    check_window(order, policy, now)
    label_fee = policy.label_fee(order.currency)
    quote = compute_quote(order, asked, label_fee)
    check_size(sum(line.quantity for line in asked))
    # Whole seconds, as the token keeps them.
    expires_at = (now + policy.quote_lasts).replace(microsecond=0)
    promise = Promise(
        order.tenant_id, order.order_id, tuple(asked), figures_of(quote.totals), label_fee, expires_at
    )
    token = sign(promise, ports.quote_secrets[0])
    return SignedQuote(quote, token, expires_at, now + policy.refund_due)
