"""Worked cases of spec returns.md 4.6 through gRPC."""

import asyncio
from datetime import timedelta

import pytest

from aftercare.returns.v1 import resources_pb2, returns_events_pb2
from services.chassis.kernel.errors import AftercareError, Kind
from tests.integration.returns.messages import o1_message, pln
from tests.integration.returns.world import Case, World

CHANGED_MIND = resources_pb2.REASON_CHANGED_MIND
A1 = [("A", 1, CHANGED_MIND)]
B1 = [("B", 1, CHANGED_MIND)]
WAY = (b"K20", b"K30", b"K50")


async def test_case_01_full_withdrawal(world: World) -> None:
    await world.o1()
    quote = await world.quoted([*A1, ("B", 3, CHANGED_MIND)])
    assert (quote.totals.goods.minor, quote.totals.shipping.minor, quote.totals.cash.minor) == (
        29996,
        1299,
        31295,
    )
    case = await world.created(quote.quote_token)
    assert case.refund_due_time.seconds - case.create_time.seconds == 14 * 24 * 3600


async def test_case_03_four_successive_returns_telescope(world: World) -> None:
    await world.o1(member=False)
    sent = []
    for lines in (B1, B1, B1, A1):
        case = await world.opened(lines)
        counted = [(lines[0][0], 1)]
        await world.received(case, counted)
        case = await world.inspected(case, counted)
        world.refund_told(f"return:{case.return_id}:settlement:1")
        assert (await world.now(case)).state == Case.STATE_CLOSED
        sent.append(case.settled)
    assert [totals.goods.minor for totals in sent] == [4285, 4285, 4284, 17142]
    assert [totals.cash.minor for totals in sent] == [4285, 4285, 4284, 18441]
    assert sum(totals.cash.minor for totals in sent) == 29996 + 1299


async def test_case_13_out_of_order_and_duplicate(world: World) -> None:
    await world.o1()
    case = await world.booked(await world.opened(B1))
    world.courier.sink.take()
    for hours, code in ((3, "K20"), (2, "K30"), (1, "K50")):
        at = world.clock.now() - timedelta(hours=hours)
        await world.scan(case, code, occurred_at=at.isoformat())
    by_code = {code: push for push in world.courier.sink.take() for code in WAY if code in push[1]}
    collected, in_transit, delivered = (by_code[code] for code in WAY)

    done = [await world.ingested(*push) for push in (delivered, in_transit, delivered, collected)]

    assert [(one.accepted, one.duplicates) for one in done] == [(1, 0), (1, 0), (0, 1), (1, 0)]
    scans = list(world.raw["carrier_events"].find().sort("occurred_at"))
    assert [scan["code"] for scan in scans] == ["COLLECTED", "IN_TRANSIT", "DELIVERED"]
    assert [scan["is_late"] for scan in scans] == [True, True, False]
    case = await world.now(case)
    assert case.state == Case.STATE_IN_TRANSIT
    assert case.shipments[0].state == resources_pb2.Shipment.STATE_DELIVERED
    told = world.topics(case.return_id)
    for once in ("return.in_transit", "return.delivered", "pickup.collected"):
        assert told.count(once) == 1


async def test_case_15_double_submit_gives_one_return(world: World) -> None:
    await world.o1()
    token = (await world.quoted(B1)).quote_token
    first, second = await asyncio.gather(world.created(token, key="once"), world.created(token, key="once"))
    assert first == second
    assert first.rma_number == (await world.created(token, key="once")).rma_number
    assert world.raw["returns"].count_documents({}) == 1
    assert len(world.events("return.requested")) == 1


async def test_case_15_two_requests_for_the_last_unit_in_parallel(world: World) -> None:
    await world.o1()
    tokens = [(await world.quoted(A1)).quote_token for _ in range(5)]
    done = await asyncio.gather(*(world.created(token) for token in tokens), return_exceptions=True)
    refused = [one for one in done if isinstance(one, AftercareError)]
    assert len(done) - len(refused) == 1
    assert {(error.kind, error.reason) for error in refused} == {(Kind.ABORTED, "UNITS_ALREADY_ON_RETURN")}
    assert world.raw["returns"].count_documents({}) == 1


async def test_parallel_requests_for_different_units_all_succeed(world: World) -> None:
    order = o1_message()
    del order.lines[0]
    order.discount.CopyFrom(pln(0))
    order.tenders[0].amount.CopyFrom(pln(3 * 4999 + 2499))
    await world.imported(order)
    await world.delivered("O1")
    token = (await world.quoted(B1)).quote_token
    # The last of them would also release the delivery, so its quote must be a new one.
    cases = await asyncio.gather(world.created(token), world.created(token))
    assert {case.lines[0].units[0].unit_index for case in cases} == {0, 1}
    with pytest.raises(AftercareError, match="QUOTE_EXPIRED"):
        await world.created(token)
    last = await world.opened(B1)
    assert last.quoted.shipping.minor == 1299


async def test_case_r9a_points_come_back_as_points(world: World) -> None:
    order = o1_message()
    order.discount.CopyFrom(pln(0))
    order.ClearField("shipping")
    order.ClearField("shipping_cheapest")
    del order.lines[:], order.tenders[:]
    for line_id, price in (("A", 6000), ("B", 4000)):
        order.lines.add(line_id=line_id, quantity=1, unit_price=pln(price))
    order.tenders.add(kind=resources_pb2.Tender.KIND_CARD, amount=pln(8000), reference="pi_1")
    order.tenders.add(kind=resources_pb2.Tender.KIND_POINTS, amount=pln(2000), points=2000, reference="rsv")
    await world.imported(order)
    [paid] = world.events("order.paid")
    lines = returns_events_pb2.OrderPaid.FromString(paid.payload).lines
    assert [(line.net.minor, line.tender_points) for line in lines] == [(4800, 1200), (3200, 800)]
    await world.delivered("O1")
    figures = []
    for line_id in ("A", "B"):
        case = await world.opened([(line_id, 1, CHANGED_MIND)])
        await world.received(case, [(line_id, 1)])
        settled = (await world.inspected(case, [(line_id, 1)])).settled
        figures.append((settled.cash.minor, settled.points, settled.points_value.minor))
    assert figures == [(4800, 1200, 1200), (3200, 800, 800)]
    told = [
        returns_events_pb2.SettlementRequested.FromString(e.payload)
        for e in world.events("return.settlement_requested")
    ]
    assert [(one.cash.minor, one.points) for one in told] == [(4800, 1200), (3200, 800)]
