"""Opening a return from its quote (T1), and agreeing to it by rule (T2)."""

from dataclasses import dataclass

from services.chassis.kernel.money import Money
from services.returns.domain.cases.return_case import ReturnCase, ReturnLine, ReturnUnit
from services.returns.domain.cases.states import CaseState, SettlementState
from services.returns.domain.cases.story import Story
from services.returns.domain.cases.transitions import APPROVE, move
from services.returns.domain.errors import invalid, precondition
from services.returns.domain.orders.order import Order, OrderLine
from services.returns.domain.quoting.policy import Policy
from services.returns.domain.quoting.quote import Quote, compute_quote
from services.returns.domain.quoting.quote_token import Promise, figures_of

MOST_UNITS = 2_000  # a return is one document and one answer on the wire


@dataclass(frozen=True, slots=True)
class Names:
    """What a new return is called."""

    return_id: str
    rma_number: str


def check_size(quantity: int) -> None:
    """Raises RETURN_TOO_LARGE."""
    if quantity > MOST_UNITS:
        raise invalid(
            "RETURN_TOO_LARGE",
            f"one return takes at most {MOST_UNITS} units; make several of them",
            "lines",
            most=str(MOST_UNITS),
        )


def open_return(
    order: Order, promise: Promise, policy: Policy, names: Names, story: Story
) -> tuple[Order, ReturnCase]:
    """The order with the units taken, and the approved return.

    Raises UNITS_ALREADY_ON_RETURN, and QUOTE_EXPIRED when the order has changed so that the promised figures
    are no longer what it gives back: never a surprise.
    """
    quote = compute_quote(order, promise.lines, promise.label_fee)
    if figures_of(quote.totals) != promise.figures:
        raise precondition(
            "QUOTE_EXPIRED",
            "another return of this order came between, so the quote no longer holds; ask for a new one",
        )
    released = order.released.plus(quote.share, names.return_id if quote.totals.shipping.minor else "")
    taken = order.with_units_taken(quote.units(), released)
    case = story.tell(_requested(order, quote, policy, names, story), "return.requested")
    return taken, move(case, APPROVE, story, "by rule: inside the window, nothing speaks against it")


def _requested(order: Order, quote: Quote, policy: Policy, names: Names, story: Story) -> ReturnCase:
    return ReturnCase(
        return_id=names.return_id,
        tenant_id=order.tenant_id,
        rma_number=names.rma_number,
        order_id=order.order_id,
        customer_id=order.customer_id,
        loyalty_account_id=order.loyalty_account_id,
        currency=order.currency,
        state=CaseState.REQUESTED,
        settlement_state=SettlementState.NONE,
        lines=_lines(order, quote),
        quoted=quote.totals,
        held=quote.share,
        refund_due_at=story.at + policy.refund_due,
        created_at=story.at,
    )


def _lines(order: Order, quote: Quote) -> tuple[ReturnLine, ...]:
    sold = {line.line_id: line for line in order.lines}
    return tuple(
        ReturnLine(line.line_id, line.reason, _units(sold[line.line_id], line.units, order.currency))
        for line in quote.lines
    )


def _units(line: OrderLine, indexes: tuple[int, ...], currency: str) -> tuple[ReturnUnit, ...]:
    return tuple(
        ReturnUnit(index, Money(line.unit_paid(index), currency), Money(line.unit_tax(index), currency))
        for index in indexes
    )
