"""What a refund at the provider means for its leg: a merge that no order of arrival can upset."""

from dataclasses import dataclass
from datetime import datetime

from services.refunds.domain import sending
from services.refunds.domain.journal import Account, Entry
from services.refunds.domain.leg import Doubt, Leg, LegState
from services.refunds.domain.payment import Payment
from services.refunds.domain.provider import ProviderRefund, ProviderStatus

# A lower rank never overwrites a higher one (refunds.md 4.2).
RANK = {
    ProviderStatus.REQUIRES_ACTION: 1,
    ProviderStatus.PENDING: 1,
    ProviderStatus.SUCCEEDED: 2,
    ProviderStatus.FAILED: 3,
    ProviderStatus.CANCELED: 3,
}
_STATES = {
    ProviderStatus.REQUIRES_ACTION: LegState.REQUIRES_ACTION,
    ProviderStatus.PENDING: LegState.PENDING,
    ProviderStatus.SUCCEEDED: LegState.SUCCEEDED,
    ProviderStatus.FAILED: LegState.FAILED,
    ProviderStatus.CANCELED: LegState.CANCELED,
}


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge changed: the state before, and the journal entry that belongs to it, if any."""

    before: LegState
    entry: Entry | None = None


def holds_already(leg: Leg, refund: ProviderRefund) -> bool:
    """Whether the leg says just this, so that nobody need ask the provider."""
    return leg.provider_refund_id == refund.id and leg.state is _STATES[refund.status]


def is_duplicate(leg: Leg, refund: ProviderRefund) -> bool:
    """Whether another refund than the leg's own carries its id: money may have gone out twice."""
    return leg.provider_refund_id not in ("", refund.id)


def merge(leg: Leg, payment: Payment | None, refund: ProviderRefund, now: datetime) -> Merged | None:
    """Take over what the provider says; None when it is nothing new."""
    leg.provider_refund_id = refund.id
    before, rank = leg.state, RANK[refund.status]
    if rank < leg.rank or (rank == leg.rank and rank > 1) or holds_already_ranked(leg, refund):
        if before in {LegState.PENDING, LegState.REQUIRES_ACTION}:
            leg.lease = None
            sending.wait_for_provider(leg, now)
        return None
    leg.rank, leg.state, leg.doubt, leg.lease = rank, _STATES[refund.status], Doubt.NONE, None
    leg.failure_reason = refund.failure_reason if rank == 3 else ""
    leg.due_at = None
    if rank == 1:
        leg.tries = 0
        sending.wait_for_provider(leg, now)
    _move_cap(leg, payment, refund)
    return Merged(before, _post(leg, now))


def holds_already_ranked(leg: Leg, refund: ProviderRefund) -> bool:
    """The same state of the same refund again."""
    return leg.rank == RANK[refund.status] and leg.state is _STATES[refund.status]


def _move_cap(leg: Leg, payment: Payment | None, refund: ProviderRefund) -> None:
    if payment is None:
        return
    if refund.status in {ProviderStatus.PENDING, ProviderStatus.SUCCEEDED}:
        payment.settle(leg.leg_id, refund.amount, refund.id)
    elif refund.status in {ProviderStatus.FAILED, ProviderStatus.CANCELED}:
        payment.release(leg.leg_id, refund.id)


def _post(leg: Leg, now: datetime) -> Entry | None:
    """Out when it succeeded; back when it failed after that; nothing when it never went out."""
    expense = Account.REFUNDS if leg.refund_id else Account.SUSPENSE
    owed = Account.REFUNDS_PAYABLE if leg.refund_id else Account.SUSPENSE
    if leg.state is LegState.SUCCEEDED and not leg.posted:
        leg.posted = True
        return _entry(leg, "out", expense, Account.STRIPE_CLEARING, now)
    if leg.state in {LegState.FAILED, LegState.CANCELED} and leg.posted:
        leg.posted = False
        return _entry(leg, "back", Account.STRIPE_CLEARING, owed, now)
    return None


def _entry(leg: Leg, step: str, debit: Account, credit: Account, now: datetime) -> Entry:
    return Entry(
        leg.tenant_id,
        f"{leg.leg_id}:{step}",
        leg.leg_id,
        leg.refund_id,
        leg.provider_refund_id,
        debit,
        credit,
        leg.amount,
        now,
    )
