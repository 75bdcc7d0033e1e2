"""Refunds through the real SDK: made, refused, read and listed."""

from __future__ import annotations

import pytest
import stripe

from tests.integration.standins.stripe_process import StandIn, charge_of, paid

pytestmark = pytest.mark.integration


def test_refunds_are_made_read_updated_and_listed(client: stripe.StripeClient) -> None:
    intent, other = paid(client), paid(client)
    first = client.v1.refunds.create(
        {
            "payment_intent": intent.id,
            "amount": 3_000,
            "reason": "requested_by_customer",
            "metadata": {"leg_id": "L1", "0": "a digit for a key"},
        }
    )
    second = client.v1.refunds.create({"charge": charge_of(intent)})
    client.v1.refunds.create({"payment_intent": other.id})
    assert (first.status, first.amount, second.amount) == ("succeeded", 3_000, 7_000)
    assert client.v1.refunds.retrieve(first.id).to_dict()["metadata"]["0"] == "a digit for a key"
    updated = client.v1.refunds.update(first.id, {"metadata": {"0": "", "attempt": "1"}})
    assert updated.to_dict()["metadata"] == {"leg_id": "L1", "attempt": "1"}
    mine = client.v1.refunds.list({"payment_intent": intent.id}).data
    assert [refund.id for refund in mine] == [second.id, first.id]
    charge = client.v1.charges.retrieve(charge_of(intent))
    assert (charge.amount_refunded, charge.refunded) == (10_000, True)


def test_absent_refund_fields_raise_in_the_sdk(client: stripe.StripeClient) -> None:
    refund = client.v1.refunds.create({"payment_intent": paid(client).id})
    for name in ("failure_reason", "failure_balance_transaction", "pending_reason"):
        with pytest.raises(AttributeError):
            getattr(refund, name)


def test_refund_refusals_carry_stripes_messages_and_codes(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    intent = paid(client)
    refuse = pytest.raises(stripe.InvalidRequestError)
    client.v1.refunds.create({"payment_intent": intent.id, "amount": 5_000})
    with refuse as over:
        client.v1.refunds.create({"payment_intent": intent.id, "amount": 5_001})
    expected = "Refund amount (€50.01) is greater than unrefunded amount on charge (€50.00)"
    assert (over.value.user_message, over.value.code) == (expected, None)
    assert over.value.param == "amount"
    client.v1.refunds.create({"payment_intent": intent.id})
    cases: list[tuple[stripe.params.RefundCreateParams, str | None, int]] = [
        ({"payment_intent": intent.id}, "charge_already_refunded", 400),
        ({"payment_intent": "pi_none"}, "resource_missing", 400),
        ({"payment_intent": intent.id, "amount": 0}, "parameter_invalid_integer", 400),
        ({"payment_intent": intent.id, "amount": -1}, "parameter_invalid_integer", 400),
        ({"payment_intent": intent.id, "nonsense": "1"}, "parameter_unknown", 400),  # type: ignore[typeddict-unknown-key]
        ({}, "parameter_missing", 400),
        ({"payment_intent": intent.id, "reason": "because"}, None, 400),
        ({"payment_intent": intent.id, "metadata": {"k": "x" * 501}}, None, 400),
    ]
    for params, code, status in cases:
        with pytest.raises(stripe.InvalidRequestError) as caught:
            client.v1.refunds.create(params)
        assert (caught.value.code, caught.value.http_status) == (code, status), params
    with pytest.raises(stripe.InvalidRequestError) as missing:
        client.v1.refunds.retrieve("re_none")
    assert (missing.value.code, missing.value.http_status) == ("resource_missing", 404)
    assert len(stand_in.state()["refunds"]) == 2


def test_lists_page_both_ways_and_filter_by_created(stand_in: StandIn, client: stripe.StripeClient) -> None:
    intent = paid(client)
    early = [client.v1.refunds.create({"charge": charge_of(intent), "amount": 1}) for _ in range(5)]
    stand_in.control("advance", secs=1_000)
    late = [client.v1.refunds.create({"charge": charge_of(intent), "amount": 1}) for _ in range(3)]
    newest_first = [refund.id for refund in reversed(early + late)]
    paged = client.v1.refunds.list({"limit": 3, "payment_intent": intent.id})
    assert paged.has_more
    assert [refund.id for refund in paged.auto_paging_iter()] == newest_first
    back = client.v1.refunds.list({"limit": 2, "ending_before": newest_first[4]})
    assert [refund.id for refund in back.data] == newest_first[2:4]
    boundary = late[0].created
    assert len(client.v1.refunds.list({"created": {"gte": boundary}}).data) == 3
    assert len(client.v1.refunds.list({"created": {"lt": boundary}}).data) == 5
    assert client.v1.refunds.list({"created": {"gt": late[-1].created}}).data == []
    for limit in (0, 101):
        with pytest.raises(stripe.InvalidRequestError, match="limit"):
            client.v1.refunds.list({"limit": limit})
