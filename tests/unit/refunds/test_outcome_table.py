"""Row by row: refunds.md 4.4, and the rank merge of 4.2."""

from datetime import UTC, datetime, timedelta

import pytest

from services.chassis.kernel.money import Money
from services.refunds.domain import recording, sending
from services.refunds.domain.breaks import Alarm
from services.refunds.domain.leg import Doubt, Leg, LegKind, LegState, idempotency_key
from services.refunds.domain.provider import ProviderRefund, ProviderStatus, ProviderTroubleError, Trouble
from services.refunds.domain.sending import Action

NOW = datetime(2026, 10, 1, 12, tzinfo=UTC)
AMOUNT = Money(3_000, "EUR")


def sent_leg() -> Leg:
    leg = Leg(
        "shop", "leg_1", "rfd_1", LegKind.ORIGINAL_PAYMENT, "pay_1", "pi_1", AMOUNT, LegState.READY, NOW
    )
    sending.claim(leg, "me", NOW)
    sending.begin_attempt(leg, "key", {}, NOW)
    sending.about_to_call(leg, NOW)
    return leg


def after(trouble: Trouble, retry_after: float | None = None) -> tuple[Leg, Alarm | None]:
    leg = sent_leg()
    error = ProviderTroubleError(trouble, "no", retry_after=retry_after)
    return leg, sending.on_trouble(leg, error, NOW, jitter=1.0)


@pytest.mark.parametrize(
    ("trouble", "state", "then"),
    [
        (Trouble.NETWORK, LegState.UNKNOWN, Action.REPLAY),
        (Trouble.IN_PROGRESS, LegState.UNKNOWN, Action.REPLAY),
        (Trouble.RATE_LIMITED, LegState.RETRY_WAIT, Action.REPLAY),
        (Trouble.UNAUTHORISED, LegState.RETRY_WAIT, Action.REPLAY),
        (Trouble.SERVER_ERROR, LegState.UNKNOWN, Action.LIST),
        (Trouble.ALREADY_REFUNDED, LegState.UNKNOWN, Action.LIST),
        (Trouble.KEY_MISMATCH, LegState.UNKNOWN, Action.LIST),
        (Trouble.DISPUTED, LegState.BLOCKED_DISPUTE, None),
        (Trouble.REFUSED, LegState.REJECTED, None),
    ],
)
def test_each_trouble_has_its_state_and_next_step(
    trouble: Trouble, state: LegState, then: Action | None
) -> None:
    leg, _ = after(trouble)
    assert leg.state is state
    assert sending.next_action(leg, NOW) is then
    assert (leg.due_at is None) is (then is None)
    assert leg.lease is None


@pytest.mark.parametrize("trouble", [Trouble.NETWORK, Trouble.RATE_LIMITED])
def test_after_20_hours_nothing_is_replayed(trouble: Trouble) -> None:
    leg, _ = after(trouble)
    almost = NOW + timedelta(hours=20) - timedelta(seconds=1)
    assert sending.next_action(leg, almost) is Action.REPLAY
    assert sending.next_action(leg, NOW + timedelta(hours=20)) is Action.LIST


def test_a_dead_sender_s_leg_is_replayed_when_its_lease_is_over() -> None:
    leg = sent_leg()
    assert leg.due_at == NOW + timedelta(seconds=60)
    assert sending.next_action(leg, leg.due_at) is Action.REPLAY


def test_absence_proves_something_only_after_15_quiet_minutes() -> None:
    leg, _ = after(Trouble.SERVER_ERROR)
    sending.on_absent(leg, NOW + timedelta(minutes=1))
    assert (leg.state, leg.due_at) == (LegState.UNKNOWN, NOW + timedelta(minutes=15))
    sending.on_absent(leg, NOW + timedelta(minutes=15))
    assert leg.state is LegState.READY
    assert leg.attempt == 1  # grows when the next attempt is written ahead


def test_the_third_attempt_without_proof_goes_to_a_person() -> None:
    leg, _ = after(Trouble.SERVER_ERROR)
    leg.attempt = 3
    assert sending.on_absent(leg, NOW + timedelta(minutes=16)) is Alarm.UNPROVEN
    assert leg.state is LegState.MANUAL


def test_refunded_outside_is_rejected_only_when_none_of_it_is_ours() -> None:
    leg, _ = after(Trouble.ALREADY_REFUNDED)
    assert leg.due_at == NOW
    assert sending.on_absent(leg, NOW) is Alarm.REFUNDED_OUTSIDE
    assert leg.state is LegState.REJECTED


def test_a_key_mismatch_is_never_sent_again_with_a_new_key() -> None:
    leg, found = after(Trouble.KEY_MISMATCH)
    assert found is Alarm.KEY_MISMATCH
    sending.on_absent(leg, NOW + timedelta(hours=1))
    assert leg.state is LegState.MANUAL


def test_the_back_off_grows_to_five_minutes_and_no_further() -> None:
    spans = [sending.backoff(tries, jitter=1.0).total_seconds() for tries in range(1, 12)]
    assert spans[:3] == [2, 4, 8]
    assert spans[-1] == 300
    assert sending.backoff(3, jitter=0.0).total_seconds() == 4


def test_a_key_depends_on_account_mode_leg_and_attempt_alone() -> None:
    keys = {
        idempotency_key("a", "leg_1", 1, livemode=False),
        idempotency_key("b", "leg_1", 1, livemode=False),
        idempotency_key("a", "leg_1", 1, livemode=True),
        idempotency_key("a", "leg_2", 1, livemode=False),
        idempotency_key("a", "leg_1", 2, livemode=False),
    }
    assert len(keys) == 5
    assert all(key.startswith("rf1:") and len(key) == 44 for key in keys)


def said(status: ProviderStatus, refund_id: str = "re_1") -> ProviderRefund:
    return ProviderRefund(refund_id, status, AMOUNT, "pi_1", "leg_1")


@pytest.mark.parametrize(
    ("order", "end"),
    [
        (("succeeded", "pending"), LegState.SUCCEEDED),
        (("failed", "succeeded", "pending"), LegState.FAILED),
        (("canceled", "failed"), LegState.CANCELED),
        (("requires_action", "pending"), LegState.PENDING),
        (("pending", "succeeded", "failed"), LegState.FAILED),
    ],
)
def test_a_lower_rank_never_overwrites_a_higher_one(order: tuple[str, ...], end: LegState) -> None:
    leg = sent_leg()
    for status in order:
        recording.merge(leg, None, said(ProviderStatus(status)), NOW)
    assert leg.state is end


def test_money_is_booked_out_once_and_back_once() -> None:
    leg = sent_leg()
    told = ("pending", "succeeded", "succeeded", "failed", "failed", "succeeded")
    merged = [recording.merge(leg, None, said(ProviderStatus(status)), NOW) for status in told]
    entries = [each.entry for each in merged if each is not None and each.entry is not None]
    assert [entry.entry_id for entry in entries] == ["leg_1:out", "leg_1:back"]
    assert sum(entry.out_of_clearing for entry in entries) == 0


def test_a_refund_that_failed_before_it_succeeded_is_never_booked() -> None:
    leg = sent_leg()
    recording.merge(leg, None, said(ProviderStatus.PENDING), NOW)
    merged = recording.merge(leg, None, said(ProviderStatus.FAILED), NOW)
    assert merged is not None
    assert merged.entry is None


def test_a_second_refund_of_a_leg_is_seen() -> None:
    leg = sent_leg()
    recording.merge(leg, None, said(ProviderStatus.SUCCEEDED), NOW)
    assert recording.is_duplicate(leg, said(ProviderStatus.SUCCEEDED, "re_2"))
    assert leg.doubt is Doubt.NONE
