"""What becomes of a refund after it was made: test cards, transitions, funds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stripe

from tests.integration.standins.stripe_process import StandIn, charge_of, eventually, paid

if TYPE_CHECKING:
    from tests.integration.standins.stripe_process import Receiver

pytestmark = pytest.mark.integration

DAY = 24 * 60 * 60


def refunded(client: stripe.StripeClient, card: str = "pm_card_visa") -> stripe.Refund:
    return client.v1.refunds.create({"payment_intent": paid(client, card=card).id})


def rows_of(client: stripe.StripeClient, refund: stripe.Refund) -> list[tuple[str, int]]:
    """Category and amount of its balance transactions, oldest first."""
    rows = client.v1.balance_transactions.list({"source": refund.id}).data
    return [(row.reporting_category, row.amount) for row in reversed(rows)]


@pytest.mark.parametrize("number", ["4000000000007726", ""])
def test_card_7726_succeeds_later(client: stripe.StripeClient, number: str) -> None:
    card = "pm_card_pendingRefund"
    if number:
        card = client.v1.payment_methods.create({"type": "card", "card": {"number": number}}).id
    refund = refunded(client, card)
    assert (refund.status, refund.pending_reason) == ("pending", "processing")
    eventually(lambda: client.v1.refunds.retrieve(refund.id).status == "succeeded")
    assert rows_of(client, refund) == [("refund", -10_000)]


def test_card_5126_fails_later_and_gives_the_money_back(client: stripe.StripeClient) -> None:
    method = client.v1.payment_methods.create({"type": "card", "card": {"number": "4000000000005126"}})
    refund = refunded(client, method.id)
    assert refund.status == "succeeded"
    eventually(lambda: client.v1.refunds.retrieve(refund.id).status == "failed")
    failed = client.v1.refunds.retrieve(refund.id)
    assert failed.failure_reason == "expired_or_canceled_card"
    assert rows_of(client, refund) == [("refund", -10_000), ("refund_failure", 10_000)]
    assert isinstance(failed.failure_balance_transaction, str)
    row = client.v1.balance_transactions.retrieve(failed.failure_balance_transaction)
    assert (row.type, row.reporting_category) == ("adjustment", "refund_failure")
    again = client.v1.refunds.create({"charge": str(refund.charge)})
    assert again.amount == 10_000


def test_a_failure_weeks_later_shows_as_a_new_row_and_not_in_the_refund_list(
    stand_in: StandIn, client: stripe.StripeClient, receiver: Receiver
) -> None:
    refund = refunded(client)
    stand_in.control("advance", secs=21 * DAY)
    answer = stand_in.control("transition", id=refund.id, status="failed", reason="declined")
    assert answer["changed"]
    since = refund.created + DAY
    assert client.v1.refunds.list({"created": {"gte": since}}).data == []
    rows = client.v1.balance_transactions.list({"created": {"gte": since}}).data
    assert [(row.source, row.amount) for row in rows] == [(refund.id, 10_000)]
    eventually(lambda: "refund.failed" in receiver.types())
    failed = next(event for event in receiver.events() if event.type == "refund.failed")
    assert failed.data.object.to_dict()["failure_reason"] == "declined"


def test_transitions_keep_to_the_life_of_a_refund(stand_in: StandIn, client: stripe.StripeClient) -> None:
    refund = refunded(client)
    assert not stand_in.control("transition", id=refund.id, status="succeeded")["changed"]
    back = stand_in.try_control("transition", {"id": refund.id, "status": "pending"})
    assert back.status_code == 400
    assert back.json()["error"] == "a refund does not go from succeeded to pending"
    stand_in.control("transition", id=refund.id, status="failed")
    after = stand_in.try_control("transition", {"id": refund.id, "status": "succeeded"})
    assert after.status_code == 400


def test_a_refund_that_needs_the_customer_can_be_canceled(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    method = client.v1.payment_methods.create({"type": "customer_balance"})
    refund = refunded(client, method.id)
    assert refund.status == "requires_action"
    canceled = client.v1.refunds.cancel(refund.id)
    assert canceled.status == "canceled"
    assert rows_of(client, refund) == [("refund", -10_000), ("refund_failure", 10_000)]
    assert client.v1.charges.retrieve(str(refund.charge)).amount_refunded == 0
    with pytest.raises(stripe.InvalidRequestError, match="requires_action can be canceled"):
        client.v1.refunds.cancel(refund.id)
    assert stand_in.state()["event_types"][0] == "refund.updated"


def test_a_refund_nobody_answers_for_45_days_is_canceled(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    stand_in.control("next_refund", status="requires_action")
    refund = refunded(client)
    stand_in.control("advance", secs=44 * DAY)
    assert client.v1.refunds.retrieve(refund.id).status == "requires_action"
    stand_in.control("advance", secs=1 * DAY)
    assert client.v1.refunds.retrieve(refund.id).status == "canceled"


def test_next_refund_plans_the_start_and_the_fee(stand_in: StandIn, client: stripe.StripeClient) -> None:
    stand_in.control("next_refund", status="pending", pending_reason="charge_pending", times=2)
    stand_in.control("next_refund", fee=35)
    planned = [refunded(client) for _ in range(3)]
    assert [refund.status for refund in planned] == ["pending", "pending", "succeeded"]
    assert planned[0].pending_reason == "charge_pending"
    row = client.v1.balance_transactions.retrieve(str(planned[2].balance_transaction))
    assert (row.amount, row.fee, row.net) == (-10_000, 35, -10_035)
    stand_in.control("transition", id=planned[0].id, status="succeeded")
    assert "pending_reason" not in client.v1.refunds.retrieve(planned[0].id)
    assert rows_of(client, planned[0]) == [("refund", -10_000)]


def test_a_short_balance_overdraws_by_default(client: stripe.StripeClient) -> None:
    refunded(client)
    assert client.v1.balance.retrieve().available[0].amount == -175  # the fee of the charge


def test_a_short_balance_can_refuse(stand_in: StandIn, client: stripe.StripeClient) -> None:
    stand_in.control("funds", when_short="refuse")
    intent = paid(client)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "balance_insufficient"
    assert client.v1.charges.retrieve(charge_of(intent)).amount_refunded == 0


def test_a_short_balance_can_leave_refunds_pending_until_money_comes(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    stand_in.control("funds", when_short="pend")
    refund = refunded(client)
    assert (refund.status, refund.pending_reason) == ("pending", "insufficient_funds")
    assert refund.balance_transaction is None
    gone = client.v1.refunds.create({"payment_intent": paid(client, 100).id})
    assert gone.status == "succeeded"
    paid(client, 20_000)
    now = client.v1.refunds.retrieve(refund.id)
    assert now.status == "succeeded"
    assert rows_of(client, refund) == [("refund", -10_000)]


def test_an_unfunded_refund_that_fails_moves_no_money(stand_in: StandIn, client: stripe.StripeClient) -> None:
    stand_in.control("funds", when_short="pend")
    refund = refunded(client)
    stand_in.control("transition", id=refund.id, status="canceled")
    paid(client, 20_000)
    assert rows_of(client, refund) == []
    assert client.v1.refunds.retrieve(refund.id).status == "canceled"


def test_refunds_at_the_dashboard_have_no_request_behind_them(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    intent = paid(client)
    made = stand_in.control("external_refund", payment_intent=intent.id, amount=4_000)["refund"]
    assert client.v1.refunds.list({"payment_intent": intent.id}).data[0].id == made["id"]
    assert made["metadata"] == {}
    event = client.v1.events.list({"type": "refund.created"}).data[0]
    assert event.request is not None
    assert event.request.id is None
    over = stand_in.try_control("external_refund", {"payment_intent": intent.id, "amount": 6_001})
    assert over.status_code == 400
    assert "greater than unrefunded amount" in over.json()["error"]
