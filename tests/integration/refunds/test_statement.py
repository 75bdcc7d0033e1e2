"""Reconciliation through gRPC: what each side says, and that nothing is left unexplained."""

from datetime import timedelta

import pytest

from aftercare.refunds.v1 import reconciliation_service_pb2, resources_pb2
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.wire import from_datetime
from tests.integration.refunds.shop import Shop

pytestmark = pytest.mark.integration
BreakKind = resources_pb2.Break


def request(shop: Shop, key: str = "", hours: int = 24) -> reconciliation_service_pb2.StartRunRequest:
    now = shop.clock.now()
    return reconciliation_service_pb2.StartRunRequest(
        ctx=shop.ctx(key),
        from_time=from_datetime(now - timedelta(hours=hours)),
        to_time=from_datetime(now + timedelta(minutes=5)),
    )


async def test_C1_a_refund_matches_and_the_run_is_kept(shop: Shop) -> None:
    await shop.pay("o1", 12_000)
    await shop.ask("o1", 12_000)
    await shop.send()
    run = await shop.reconciliation.StartRun(request(shop, key="run-1"))
    (statement,) = run.statements
    assert (statement.matched, statement.ledger_total.minor, statement.psp_total.minor) == (1, 12_000, 12_000)
    again = await shop.reconciliation.StartRun(request(shop, key="run-1"))
    assert again == run


async def test_C2_a_refund_that_stripe_does_not_know_is_missing_there(shop: Shop) -> None:
    await shop.pay("o1")
    await shop.ask("o1", 4_550)
    await shop.send()
    shop.standin.control("reset")  # Stripe forgets, we do not
    shop.clock.instant += timedelta(days=27)
    (statement,) = await shop.reconcile()
    (found,) = statement.breaks
    assert (found.kind, found.difference.minor) == (BreakKind.KIND_MISSING_IN_PSP, 4_550)
    assert statement.unexplained.minor == 0


async def test_C3_a_dashboard_refund_we_have_not_heard_of_is_missing_here(shop: Shop) -> None:
    payment = await shop.pay("o1", 8_000)
    shop.standin.control("external_refund", payment_intent=payment.provider_payment_id, amount=3_000)
    (statement,) = await shop.reconcile()
    (found,) = statement.breaks
    assert (found.kind, found.difference.minor) == (BreakKind.KIND_MISSING_IN_LEDGER, -3_000)
    assert statement.unexplained.minor == 0
    await shop.hooks()
    assert (await shop.payment("o1")).refunded.minor == 3_000
    await shop.assert_books_agree()


async def test_a_refund_whose_answer_was_lost_is_in_transit_by_its_metadata(shop: Shop) -> None:
    await shop.pay("o1")
    refund = await shop.ask("o1", 2_000)
    shop.standin.fault("drop_after")
    await shop.send()
    (statement,) = await shop.reconcile()
    (found,) = statement.breaks
    assert (found.kind, found.difference.minor) == (BreakKind.KIND_TIMING, -2_000)
    assert found.leg_id == refund.legs[0].leg_id
    assert (statement.timing.minor, statement.unexplained.minor) == (-2_000, 0)
    await shop.send_until("SUCCEEDED", refund.refund_id)
    await shop.assert_books_agree()


async def test_another_tenants_refunds_are_not_ours(shop: Shop) -> None:
    payment = await shop.pay("o1")
    await shop.ask("o1", 2_000)
    await shop.send()
    shop.standin.control("external_refund", payment_intent=payment.provider_payment_id, amount=500)
    foreign = request(shop)
    foreign.ctx.tenant_id = "other"
    assert list((await shop.reconciliation.StartRun(foreign)).statements) == []


async def test_without_stripe_a_run_says_so_and_keeps_nothing(shop: Shop) -> None:
    shop.standin.fault("drop_before", on="GET /v1/balance_transactions")
    with pytest.raises(AftercareError) as refused:
        await shop.reconciliation.StartRun(request(shop))
    assert (refused.value.kind, refused.value.reason) == (Kind.UNAVAILABLE, "PSP_DOWN")
    assert shop.database["runs"].count_documents({}) == 0


async def test_a_period_that_runs_backwards_and_an_unknown_run_are_refused(shop: Shop) -> None:
    with pytest.raises(AftercareError) as refused:
        await shop.reconciliation.StartRun(request(shop, hours=-1))
    assert refused.value.reason == "BAD_PERIOD"
    read = reconciliation_service_pb2.GetRunRequest(ctx=shop.ctx(), run_id="rec_none")
    with pytest.raises(AftercareError) as refused:
        await shop.reconciliation.GetRun(read)
    assert refused.value.reason == "RUN_NOT_FOUND"
