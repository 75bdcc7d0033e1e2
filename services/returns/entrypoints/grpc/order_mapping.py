"""Orders between the wire and the domain."""

import hashlib
from functools import partial
from typing import Final

from aftercare.common.v1 import money_pb2
from aftercare.returns.v1 import order_service_pb2, resources_pb2
from services.chassis.grpc.context import request_context
from services.chassis.wire import from_datetime, from_money, to_datetime, to_datetime_or_none
from services.returns.application.queries.list_returnable_items import ReturnableItem
from services.returns.application.use_cases.import_order import ImportOrder
from services.returns.application.use_cases.import_orders import Imported, ImportOrders
from services.returns.application.use_cases.mark_order_delivered import MarkOrderDelivered
from services.returns.domain.errors import invalid
from services.returns.domain.orders.order import Order, OrderLine, Tender, TenderKind

_KINDS: Final = {
    resources_pb2.Tender.KIND_CARD: TenderKind.CARD,
    resources_pb2.Tender.KIND_POINTS: TenderKind.POINTS,
    resources_pb2.Tender.KIND_EXTERNAL: TenderKind.EXTERNAL,
}
_NUMBERS: Final = {kind: number for number, kind in _KINDS.items()}


def to_import_order(request: order_service_pb2.ImportOrderRequest) -> ImportOrder:
    """The command of ImportOrder."""
    ctx = request_context(request)
    return ImportOrder(ctx, to_order(request.order, ctx.tenant_id))


def to_mark_delivered(request: order_service_pb2.MarkOrderDeliveredRequest) -> MarkOrderDelivered:
    """The command of MarkOrderDelivered."""
    return MarkOrderDelivered(request_context(request), request.order_id, to_datetime(request.deliver_time))


def to_order(message: resources_pb2.Order, tenant_id: str) -> Order:
    """An order as sent, not frozen. Raises CURRENCY_MISMATCH."""
    currency = message.lines[0].unit_price.currency
    shipping = _minor(message.shipping, currency)
    # Not said: the delivery that was paid for is the only one there was.
    cheapest = (
        _minor(message.shipping_cheapest, currency) if message.HasField("shipping_cheapest") else shipping
    )
    return Order(
        tenant_id=tenant_id,
        order_id=message.order_id,
        customer_id=message.customer_id,
        loyalty_account_id=message.loyalty_account_id,
        loyalty_program_id=message.loyalty_program_id,
        currency=currency,
        lines=tuple([_line(line, currency) for line in message.lines]),
        discount=_minor(message.discount, currency),
        shipping=shipping,
        shipping_cheapest=cheapest,
        tenders=tuple([_tender(tender, currency) for tender in message.tenders]),
        total=0,
        placed_at=to_datetime(message.place_time),
        delivered_at=to_datetime_or_none(message.deliver_time),
        fingerprint=_fingerprint(message),
    )


def from_order(order: Order) -> resources_pb2.Order:
    """The order as the contract shows it."""
    money = order.money
    return resources_pb2.Order(
        order_id=order.order_id,
        customer_id=order.customer_id,
        loyalty_account_id=order.loyalty_account_id,
        loyalty_program_id=order.loyalty_program_id,
        lines=[
            resources_pb2.OrderLine(
                line_id=line.line_id,
                sku=line.sku,
                title=line.title,
                quantity=line.quantity,
                unit_price=from_money(money(line.unit_price)),
                tax_rate_bps=line.tax_rate_bps,
            )
            for line in order.lines
        ],
        discount=from_money(money(order.discount)),
        shipping=from_money(money(order.shipping)),
        shipping_cheapest=from_money(money(order.shipping_cheapest)),
        tenders=[
            resources_pb2.Tender(
                kind=_NUMBERS[tender.kind],
                amount=from_money(money(tender.amount)),
                points=tender.points,
                reference=tender.reference,
            )
            for tender in order.tenders
        ],
        place_time=from_datetime(order.placed_at),
        deliver_time=from_datetime(order.delivered_at),
        total=from_money(money(order.total)),
        version=order.version,
    )


def to_import_orders(request: order_service_pb2.ImportOrdersRequest, first_row: int) -> ImportOrders:
    """The command of one chunk of ImportOrders."""
    ctx = request_context(request)
    rows = [partial(to_order, message, ctx.tenant_id) for message in request.orders]
    return ImportOrders(ctx, first_row, rows)


def from_imported(done: Imported) -> order_service_pb2.ImportOrdersResponse:
    """What an import did."""
    return order_service_pb2.ImportOrdersResponse(
        rows=done.rows,
        imported=done.imported,
        duplicates=done.duplicates,
        errors=[
            order_service_pb2.ImportOrderError(row=each.row, reason=each.reason, message=each.message)
            for each in done.errors
        ],
        error_count=done.error_count,
    )


def from_item(item: ReturnableItem) -> resources_pb2.ReturnableItem:
    """A line that can or cannot go back."""
    return resources_pb2.ReturnableItem(
        line_id=item.line.line_id,
        sku=item.line.sku,
        title=item.line.title,
        quantity=item.line.quantity,
        returnable_quantity=item.returnable,
        unit_paid=from_money(item.unit_paid),
        blocked_reason=item.blocked_reason,
        return_until_time=from_datetime(item.return_until),
    )


def _line(line: resources_pb2.OrderLine, currency: str) -> OrderLine:
    return OrderLine(
        line.line_id,
        line.sku,
        line.title,
        line.quantity,
        _minor(line.unit_price, currency),
        line.tax_rate_bps,
    )


def _tender(tender: resources_pb2.Tender, currency: str) -> Tender:
    return Tender(_KINDS[tender.kind], _minor(tender.amount, currency), tender.points, tender.reference)


def _minor(money: money_pb2.Money, currency: str) -> int:
    if money.currency != currency and (money.currency or money.minor):
        raise invalid(
            "CURRENCY_MISMATCH", f"an order has one currency, not {currency} and {money.currency}", "order"
        )
    return money.minor


def _fingerprint(message: resources_pb2.Order) -> str:
    # The delivery may be known the second time, and computed fields are not the shop's.
    sent = resources_pb2.Order()
    sent.CopyFrom(message)
    for computed in ("deliver_time", "total", "version"):
        sent.ClearField(computed)
    return hashlib.sha256(sent.SerializeToString(deterministic=True)).hexdigest()
