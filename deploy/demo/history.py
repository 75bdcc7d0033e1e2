"""Bring a shop's past into Aftercare: orders, payments and points, each by its service's import stream."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aftercare.common.v1 import context_pb2, money_pb2
from aftercare.loyalty.v1 import points_service_pb2, points_service_pb2_grpc
from aftercare.loyalty.v1 import resources_pb2 as loyalty_pb2
from aftercare.refunds.v1 import payment_service_pb2, payment_service_pb2_grpc
from aftercare.refunds.v1 import resources_pb2 as refunds_pb2
from aftercare.returns.v1 import order_service_pb2, order_service_pb2_grpc
from aftercare.returns.v1 import resources_pb2 as returns_pb2
from deploy.demo.baskets import CURRENCY, Basket
from services.chassis.grpc.client import channel
from services.chassis.wire import from_datetime

CHUNK = 500
TENANT = "demo"
Advance = Callable[[str, int], None]  # which stream, how many rows more


@dataclass(frozen=True, slots=True)
class Imported:
    """What the import did, all counted by the services."""

    baskets: int
    orders: int
    orders_known: int
    payments: int
    earned_orders: int
    earned_known: int
    points: int
    members: int
    refused: int
    seconds: float


async def bring_in(
    addresses: dict[str, str], program_id: str, baskets: Sequence[Basket], advance: Advance
) -> Imported:
    """Stream the baskets into all three services at once. Known rows are counted, not repeated.

    `addresses` maps service name to `host:port`. Raises AftercareError when a service cannot be reached.
    """
    started = time.perf_counter()
    async with (
        channel(addresses["returns"]) as returns,
        channel(addresses["refunds"]) as refunds,
        channel(addresses["loyalty"]) as loyalty,
    ):
        # The generated stubs are typed for both kinds of channel; ours is an asyncio one.
        orders: Any = order_service_pb2_grpc.OrderServiceStub(returns)
        payments: Any = payment_service_pb2_grpc.PaymentServiceStub(refunds)
        points: Any = points_service_pb2_grpc.PointsServiceStub(loyalty)
        order_answer, payment_answer, points_answer = await asyncio.gather(
            orders.ImportOrders(_stream("orders", baskets, _orders, advance)),
            payments.ImportPayments(_stream("payments", baskets, _payments, advance)),
            points.BatchImport(_stream("points", baskets, _rows(program_id), advance)),
        )
    return Imported(
        baskets=len(baskets),
        orders=order_answer.imported,
        orders_known=order_answer.duplicates,
        payments=payment_answer.imported + payment_answer.duplicates,
        earned_orders=points_answer.earned_orders,
        earned_known=points_answer.duplicate_orders,
        points=points_answer.points,
        members=points_answer.opened_accounts,
        refused=order_answer.error_count + payment_answer.error_count + points_answer.error_count,
        seconds=time.perf_counter() - started,
    )


def account_of(basket: Basket) -> str:
    """The member's account: one per household."""
    return f"acc-{basket.household}"


async def _stream(
    name: str, baskets: Sequence[Basket], message: Callable[[Sequence[Basket]], Any], advance: Advance
) -> AsyncIterator[Any]:
    for chunk in _chunks(baskets):
        yield message(chunk)
        advance(name, len(chunk))


def _chunks(baskets: Sequence[Basket]) -> Iterator[Sequence[Basket]]:
    for start in range(0, len(baskets), CHUNK):
        yield baskets[start : start + CHUNK]


def _context(what: str, first: Basket) -> context_pb2.RequestContext:
    return context_pb2.RequestContext(
        tenant_id=TENANT,
        idempotency_key=f"history-{what}-{first.basket_id}",
        actor=context_pb2.Actor(type=context_pb2.Actor.TYPE_SYSTEM, id="demo"),
    )


def _money(minor: int) -> money_pb2.Money:
    return money_pb2.Money(minor=minor, currency=CURRENCY)


def _orders(chunk: Sequence[Basket]) -> order_service_pb2.ImportOrdersRequest:
    return order_service_pb2.ImportOrdersRequest(
        ctx=_context("orders", chunk[0]), orders=[_order(basket) for basket in chunk]
    )


def _order(basket: Basket) -> returns_pb2.Order:
    return returns_pb2.Order(
        order_id=basket.basket_id,
        customer_id=basket.household,
        loyalty_account_id=account_of(basket),
        lines=[
            returns_pb2.OrderLine(
                line_id=line.line_id, sku=line.sku, quantity=line.quantity, unit_price=_money(line.unit_minor)
            )
            for line in basket.lines
        ],
        discount=_money(0),
        shipping=_money(0),
        shipping_cheapest=_money(0),
        tenders=[
            returns_pb2.Tender(kind=returns_pb2.Tender.KIND_EXTERNAL, amount=_money(basket.total_minor))
        ],
        place_time=from_datetime(basket.placed_at),
        deliver_time=from_datetime(basket.placed_at),  # carried home from the till
    )


def _payments(chunk: Sequence[Basket]) -> payment_service_pb2.ImportPaymentsRequest:
    return payment_service_pb2.ImportPaymentsRequest(
        ctx=_context("payments", chunk[0]),
        payments=[
            refunds_pb2.Payment(
                payment_id=f"pay-{basket.basket_id}",
                order_id=basket.basket_id,
                provider=refunds_pb2.Payment.PROVIDER_EXTERNAL,
                captured=_money(basket.total_minor),
            )
            for basket in chunk
        ],
    )


def _rows(program_id: str) -> Callable[[Sequence[Basket]], points_service_pb2.BatchImportRequest]:
    def message(chunk: Sequence[Basket]) -> points_service_pb2.BatchImportRequest:
        return points_service_pb2.BatchImportRequest(
            ctx=_context("points", chunk[0]),
            program_id=program_id,
            rows=[
                points_service_pb2.BatchImportRow(
                    account_id=account_of(basket), customer_id=basket.household, basket=_basket(basket)
                )
                for basket in chunk
            ],
        )

    return message


def _basket(basket: Basket) -> loyalty_pb2.Basket:
    return loyalty_pb2.Basket(
        order_id=basket.basket_id,
        lines=[
            loyalty_pb2.BasketLine(
                line_id=line.line_id,
                sku=line.sku,
                quantity=line.quantity,
                net=_money(line.quantity * line.unit_minor),
            )
            for line in basket.lines
        ],
        place_time=from_datetime(basket.placed_at),
        deliver_time=from_datetime(basket.placed_at),
    )
