"""Import, refund, webhook, completion and reconciliation: the way the money goes when nothing breaks."""

import asyncio
from typing import Any

import pytest
from google.protobuf.message import Message

from aftercare.common.v1 import event_pb2
from aftercare.refunds.v1 import (
    payment_service_pb2,
    refund_service_pb2,
    refunds_events_pb2,
    resources_pb2,
)
from aftercare.returns.v1 import resources_pb2 as returns_pb2
from aftercare.returns.v1 import returns_events_pb2
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.kernel.unit_of_work import AlreadyHandledError
from services.refunds.entrypoints.events import handlers
from tests.integration.refunds.shop import TENANT, Shop, eur
from tests.integration.standins.stripe_process import paid

pytestmark = pytest.mark.integration
KEY = "return:ret_1:settlement:1"


def envelope(event_id: str, payload: Message) -> event_pb2.EventEnvelope:
    return event_pb2.EventEnvelope(
        event_id=event_id,
        type="x",
        tenant_id=TENANT,
        schema=payload.DESCRIPTOR.full_name,
        payload=payload.SerializeToString(),
    )


def settlement(order: str, minor: int, key: str = KEY) -> returns_events_pb2.SettlementRequested:
    return returns_events_pb2.SettlementRequested(
        return_id="ret_1", order_id=order, settlement_key=key, cash=eur(minor), trigger="INSPECTED"
    )


async def order_paid(shop: Shop, order: str, event_id: str, *tenders: returns_pb2.Tender) -> None:
    payload = returns_events_pb2.OrderPaid(order_id=order, tenders=tenders)
    await asyncio.to_thread(handlers.handle_order_paid, shop.work, envelope(event_id, payload))


async def settle(shop: Shop, event_id: str, payload: returns_events_pb2.SettlementRequested) -> None:
    await asyncio.to_thread(handlers.handle_settlement_requested, shop.work, envelope(event_id, payload))


def card(minor: int, reference: str) -> returns_pb2.Tender:
    return returns_pb2.Tender(kind=returns_pb2.Tender.KIND_CARD, amount=eur(minor), reference=reference)


async def all_refunds(shop: Shop) -> list[Any]:
    request = refund_service_pb2.ListRefundsRequest(ctx=shop.ctx())
    return list((await shop.refunds.ListRefunds(request)).refunds)


async def test_a_settlement_becomes_money_back_a_recorded_webhook_and_a_matched_statement(shop: Shop) -> None:
    intent = await asyncio.to_thread(paid, shop.sdk, 12_000)
    points = returns_pb2.Tender(kind=returns_pb2.Tender.KIND_POINTS, amount=eur(500), points=500)
    await order_paid(shop, "o1", "evt_1", card(12_000, intent.id), points)
    await settle(shop, "evt_2", settlement("o1", 4_550))
    await shop.send()

    (refund,) = await all_refunds(shop)
    assert refund.state == resources_pb2.Refund.STATE_SUCCEEDED
    assert refund.return_id == "ret_1"
    assert refund.HasField("complete_time")
    (leg,) = refund.legs
    assert (leg.state, leg.attempt, leg.wire_calls) == (resources_pb2.RefundLeg.STATE_SUCCEEDED, 1, 1)
    payment = await shop.payment("o1")
    assert (payment.captured.minor, payment.refunded.minor, payment.reserved.minor) == (12_000, 4_550, 0)

    answers = await shop.hooks()
    assert [answer.duplicate for answer in answers] == [False]
    types = [event.type for event in shop.events()]
    assert types == ["payment.imported", "refund.requested", "refund.leg.succeeded", "refund.completed"]
    completed = refunds_events_pb2.RefundCompleted.FromString(shop.events("refund.completed")[0].payload)
    assert (completed.request_key, completed.amount.minor) == (KEY, 4_550)

    (statement,) = await shop.reconcile()
    assert (statement.ledger_total.minor, statement.psp_total.minor, statement.matched) == (4_550, 4_550, 1)
    await shop.assert_books_agree()


async def test_the_same_event_twice_and_the_same_settlement_in_another_event_pay_once(shop: Shop) -> None:
    await shop.pay("o1")
    await settle(shop, "evt_1", settlement("o1", 1_000))
    with pytest.raises(AlreadyHandledError):
        await settle(shop, "evt_1", settlement("o1", 1_000))
    await settle(shop, "evt_2", settlement("o1", 1_000))
    await shop.send()
    assert len(shop.posts()) == 1
    await shop.assert_books_agree()


async def test_a_settlement_before_its_order_is_retried_and_then_pays(shop: Shop) -> None:
    with pytest.raises(AftercareError) as refused:
        await settle(shop, "evt_1", settlement("o1", 1_000))
    assert (refused.value.kind, refused.value.reason) == (Kind.NOT_FOUND, "PAYMENT_NOT_FOUND")
    await shop.pay("o1")
    await settle(shop, "evt_1", settlement("o1", 1_000))
    await shop.send()
    await shop.assert_books_agree()
    assert len(shop.events("refund.completed")) == 1


async def test_a_settlement_of_no_cash_completes_at_once_without_a_leg(shop: Shop) -> None:
    await settle(shop, "evt_1", settlement("unknown-order", 0))
    assert [event.type for event in shop.events()] == ["refund.requested", "refund.completed"]
    (refund,) = await all_refunds(shop)
    assert not refund.legs
    assert shop.posts() == []


async def test_a_settlement_over_the_cap_fails_so_that_the_return_hears_of_it(shop: Shop) -> None:
    await shop.pay("o1", 500)
    await settle(shop, "evt_1", settlement("o1", 1_000))
    failed = refunds_events_pb2.RefundCompleted.FromString(shop.events("refund.failed")[0].payload)
    assert failed.request_key == KEY
    await shop.send()
    assert shop.posts() == []


async def test_money_paid_outside_is_given_back_by_hand(shop: Shop) -> None:
    external = returns_pb2.Tender(kind=returns_pb2.Tender.KIND_EXTERNAL, amount=eur(3_000))
    intent = await asyncio.to_thread(paid, shop.sdk, 2_000)
    await order_paid(shop, "o1", "evt_1", card(2_000, intent.id), external)
    refund = await shop.ask("o1", 2_500)
    await shop.send()
    legs = (await shop.refund(refund.refund_id)).legs
    kinds = resources_pb2.RefundLeg
    assert [(leg.kind, leg.amount.minor, leg.state) for leg in legs] == [
        (kinds.KIND_ORIGINAL_PAYMENT, 2_000, kinds.STATE_SUCCEEDED),
        (kinds.KIND_MANUAL_BANK, 500, kinds.STATE_MANUAL),
    ]
    assert (await shop.refund(refund.refund_id)).state == resources_pb2.Refund.STATE_PROCESSING


@pytest.mark.parametrize(
    ("order", "minor", "currency", "reason"),
    [
        ("none", 100, "EUR", "PAYMENT_NOT_FOUND"),
        ("o1", 0, "EUR", "BAD_AMOUNT"),
        ("o1", -5, "EUR", "BAD_AMOUNT"),
        ("o1", 100, "USD", "CURRENCY_MISMATCH"),
        ("o1", 10_001, "EUR", "OVER_CAP"),
    ],
)
async def test_a_refund_that_cannot_be_says_why(
    shop: Shop, order: str, minor: int, currency: str, reason: str
) -> None:
    await shop.pay("o1")
    money = eur(minor)
    money.currency = currency
    request = refund_service_pb2.CreateRefundRequest(ctx=shop.ctx(), order_id=order, amount=money)
    with pytest.raises(AftercareError) as refused:
        await shop.refunds.CreateRefund(request)
    assert refused.value.reason == reason
    assert shop.posts() == []


async def test_a_key_for_another_refund_is_refused(shop: Shop) -> None:
    await shop.pay("o1")
    first = await shop.ask("o1", 100, key="k")
    assert await shop.ask("o1", 100, key="k") == first
    with pytest.raises(AftercareError) as refused:
        await shop.ask("o1", 200, key="k")
    assert refused.value.reason == "REQUEST_ID_REUSED"


async def test_a_payment_twice_is_one_and_with_other_figures_is_refused(shop: Shop) -> None:
    payment = await shop.pay("o1")
    same = resources_pb2.Payment(
        order_id="o1",
        provider=payment.provider,
        provider_payment_id=payment.provider_payment_id,
        captured=payment.captured,
    )
    again = payment_service_pb2.ImportPaymentRequest(ctx=shop.ctx(), payment=same)
    assert (await shop.payments.ImportPayment(again)).payment_id == payment.payment_id
    same.order_id = "o2"
    other = payment_service_pb2.ImportPaymentRequest(ctx=shop.ctx(), payment=same)
    with pytest.raises(AftercareError) as refused:
        await shop.payments.ImportPayment(other)
    assert refused.value.reason == "DUPLICATE_PAYMENT"
    same.captured.minor = 0
    empty = payment_service_pb2.ImportPaymentRequest(ctx=shop.ctx(), payment=same)
    with pytest.raises(AftercareError) as refused:
        await shop.payments.ImportPayment(empty)
    assert refused.value.reason == "NOT_CAPTURED"
    assert len(shop.events("payment.imported")) == 1


async def test_a_bulk_import_keeps_the_good_rows_and_may_be_sent_again(shop: Shop) -> None:
    def row(number: int, minor: int = 1_000) -> resources_pb2.Payment:
        return resources_pb2.Payment(
            order_id=f"bulk-{number}",
            provider=resources_pb2.Payment.PROVIDER_STRIPE,
            provider_payment_id=f"pi_{number}",
            captured=eur(minor),
        )

    def chunks() -> list[payment_service_pb2.ImportPaymentsRequest]:
        bad = [row(1), row(9_001, 0), row(1, 77)]
        return [
            payment_service_pb2.ImportPaymentsRequest(ctx=shop.ctx(), payments=rows)
            for rows in ([row(n) for n in range(1_000)], [row(n) for n in range(1_000, 1_500)] + bad)
        ]

    done = await shop.payments.ImportPayments(iter(chunks()))
    assert (done.rows, done.imported, done.duplicates, done.error_count) == (1_503, 1_500, 1, 2)
    again = await shop.payments.ImportPayments(iter(chunks()))
    assert (again.imported, again.duplicates, again.error_count) == (0, 1_501, 2)
    assert len(shop.events("payment.imported")) == 1_500


async def test_refunds_are_listed_newest_first_by_page(shop: Shop) -> None:
    await shop.pay("o1")
    made = [(await shop.ask("o1", 100 + n)).refund_id for n in range(5)]
    seen: list[str] = []
    token = ""
    while True:
        request = refund_service_pb2.ListRefundsRequest(
            ctx=shop.ctx(), order_id="o1", page_size=2, page_token=token
        )
        page = await shop.refunds.ListRefunds(request)
        seen += [refund.refund_id for refund in page.refunds]
        token = page.next_page_token
        if not token:
            break
    assert seen == sorted(made, reverse=True)
