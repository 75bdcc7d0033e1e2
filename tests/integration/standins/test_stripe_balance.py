"""Balance transactions, payouts, disputes and exchange rates."""

from __future__ import annotations

import pytest
import stripe

from tests.integration.standins.stripe_process import StandIn, charge_of, paid

pytestmark = pytest.mark.integration


def available(client: stripe.StripeClient, currency: str = "eur") -> int:
    """`available` is a list with one amount per currency."""
    held = client.v1.balance.retrieve().available
    return next(amount.amount for amount in held if amount.currency == currency)


def test_the_balance_is_the_sum_of_the_nets(client: stripe.StripeClient) -> None:
    intent = paid(client)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 2_500})
    rows = list(client.v1.balance_transactions.list({"limit": 1}).auto_paging_iter())
    assert [(row.amount, row.fee, row.net) for row in rows] == [
        (-2_500, 0, -2_500),
        (10_000, 175, 9_825),
    ]
    assert available(client) == sum(row.net for row in rows)
    assert rows[1].fee_details[0].type == "stripe_fee"
    assert client.v1.balance_transactions.retrieve(rows[0].id).source == rows[0].source


def test_balance_transactions_filter_as_stripe_does(stand_in: StandIn, client: stripe.StripeClient) -> None:
    intent = paid(client)
    stand_in.control("advance", secs=100)
    refund = client.v1.refunds.create({"payment_intent": intent.id})
    rows = client.v1.balance_transactions
    assert [row.source for row in rows.list({"type": "refund"}).data] == [refund.id]
    assert [row.source for row in rows.list({"source": charge_of(intent)}).data] == [intent.latest_charge]
    assert len(rows.list({"currency": "eur"}).data) == 2
    assert rows.list({"currency": "usd"}).data == []
    recent = rows.list({"created": {"gt": refund.created - 100, "lte": refund.created}})
    assert [row.source for row in recent.data] == [refund.id]
    with pytest.raises(stripe.InvalidRequestError) as caught:
        rows.list({"reporting_category": "refund"})  # type: ignore[arg-type]
    assert caught.value.code == "parameter_unknown"
    wide = rows.list({"type": "refund", "expand": ["data.source"]}).data[0]
    assert isinstance(wide.source, stripe.Refund)


def test_automatic_payouts_stamp_rows_and_tie_out(stand_in: StandIn, client: stripe.StripeClient) -> None:
    intent = paid(client)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1_000})
    made = stand_in.control("payout")["payout"]
    assert (made["automatic"], made["amount"]) == (True, 8_825)
    later = paid(client, 2_000)
    rows = client.v1.balance_transactions.list({"payout": made["id"]}).data
    carried = [row for row in rows if row.type != "payout"]
    own = next(row for row in rows if row.type == "payout")
    assert sum(row.net for row in carried) == -own.amount == 8_825
    assert not hasattr(own, "payout")  # Stripe filters by it and never shows it
    stamps = {row["source"]: row["payout"] for row in stand_in.state()["balance_transactions"]}
    assert stamps[charge_of(intent)] == made["id"]
    assert stamps[charge_of(later)] is None
    types = [event.type for event in client.v1.events.list({"type": "payout.*"}).data]
    assert types == ["payout.reconciliation_completed", "payout.paid", "payout.created"]
    assert client.v1.payouts.retrieve(made["id"]).reconciliation_status == "completed"
    assert stand_in.control("payout")["payout"]["amount"] == 1_945
    assert len(client.v1.balance_transactions.list({"payout": made["id"]}).data) == len(rows)
    assert stand_in.try_control("payout", {}).status_code == 400


def test_manual_payouts_need_funds_and_cannot_be_filtered_by(
    client: stripe.StripeClient,
) -> None:
    paid(client)
    payout = client.v1.payouts.create({"amount": 9_825, "currency": "eur"})
    assert (payout.status, payout.automatic, available(client)) == ("paid", False, 0)
    with pytest.raises(stripe.InvalidRequestError) as short:
        client.v1.payouts.create({"amount": 1, "currency": "eur"})
    assert short.value.code == "balance_insufficient"
    with pytest.raises(stripe.InvalidRequestError, match="automatic payouts"):
        client.v1.balance_transactions.list({"payout": payout.id})
    assert client.v1.payouts.list({"status": "paid"}).data[0].id == payout.id


def test_a_returned_payout_goes_out_with_the_next(stand_in: StandIn, client: stripe.StripeClient) -> None:
    paid(client)
    first = stand_in.control("payout")["payout"]
    stand_in.control("fail_payout", id=first["id"])
    failed = client.v1.payouts.retrieve(first["id"])
    assert (failed.status, failed.failure_code) == ("failed", "account_closed")
    assert available(client) == first["amount"]
    assert client.v1.events.list().data[0].type == "payout.failed"
    assert stand_in.control("payout")["payout"]["amount"] == first["amount"]
    assert stand_in.try_control("fail_payout", {"id": first["id"]}).status_code == 400


def test_a_dispute_withdraws_funds_and_blocks_refunds_until_won(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    intent = paid(client)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 1_000})
    before = available(client)
    opened = stand_in.control("dispute", charge=charge_of(intent))["dispute"]
    dispute = client.v1.disputes.retrieve(opened["id"])
    assert (dispute.amount, dispute.is_charge_refundable) == (10_000, False)
    assert dispute.balance_transactions[0].reporting_category == "dispute"
    assert available(client) == before - 10_000 - 2_000
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.refunds.create({"payment_intent": intent.id})
    assert caught.value.code == "charge_disputed"
    assert "has been charged back; cannot issue a refund." in str(caught.value)
    stand_in.control("close_dispute", id=dispute.id, outcome="won")
    assert available(client) == before
    assert client.v1.refunds.create({"payment_intent": intent.id}).amount == 9_000
    types = {event.type for event in client.v1.events.list({"type": "charge.dispute.*"}).data}
    assert types == {
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.funds_reinstated",
        "charge.dispute.closed",
    }


def test_a_dispute_accepted_through_the_api_is_lost(stand_in: StandIn, client: stripe.StripeClient) -> None:
    intent = paid(client)
    stand_in.control("dispute", charge=charge_of(intent), amount=4_000, reason="fraudulent")
    dispute = client.v1.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.amount, dispute.reason) == (4_000, "fraudulent")
    assert client.v1.disputes.close(dispute.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="charged back"):
        client.v1.refunds.create({"payment_intent": intent.id})


def test_an_inquiry_takes_no_money_and_leaves_the_charge_refundable(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    intent = paid(client)
    before = available(client)
    opened = stand_in.control("dispute", charge=charge_of(intent), inquiry=True)["dispute"]
    assert (opened["status"], available(client)) == ("warning_needs_response", before)
    client.v1.refunds.create({"payment_intent": intent.id})


def test_a_fully_refunded_charge_cannot_be_disputed(stand_in: StandIn, client: stripe.StripeClient) -> None:
    intent = paid(client)
    client.v1.refunds.create({"payment_intent": intent.id})
    response = stand_in.try_control("dispute", {"charge": charge_of(intent)})
    assert response.status_code == 400
    assert "fully refunded" in response.json()["error"]


def test_C5_refunds_settle_at_the_rate_of_their_moment(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    stand_in.control("exchange_rate", **{"from": "usd", "to": "eur", "rate": "0.9200"})
    intent = paid(client, 10_000, currency="usd")
    stand_in.control("exchange_rate", **{"from": "usd", "to": "eur", "rate": "0.9350"})
    refund = client.v1.refunds.create({"payment_intent": intent.id, "amount": 4_000})
    assert (refund.amount, refund.currency) == (4_000, "usd")
    rows = client.v1.balance_transactions.list().data
    assert [(row.amount, row.currency, row.exchange_rate) for row in rows] == [
        (-3_740, "eur", 0.935),
        (9_200, "eur", 0.92),
    ]
    stand_in.control("exchange_rate", **{"from": "usd", "rate": "0.5"})
    stand_in.control("transition", id=refund.id, status="failed")
    back = client.v1.balance_transactions.list({"source": refund.id}).data
    assert sum(row.amount for row in back) == 0


def test_messages_name_amounts_in_the_charges_currency(client: stripe.StripeClient) -> None:
    cases = {"usd": "$1,234.00", "jpy": "¥123,400", "chf": "1,234.00 CHF", "kwd": "123.400 KWD"}
    for currency, words in cases.items():
        intent = paid(client, 123_400, currency=currency)
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create({"payment_intent": intent.id, "amount": 123_401})
        assert f"on charge ({words})" in str(caught.value)
