"""Messages that tests send."""

import time

from google.protobuf import timestamp_pb2

from aftercare.common.v1 import money_pb2
from aftercare.returns.v1 import resources_pb2

_DAY = 24 * 3600


def pln(minor: int) -> money_pb2.Money:
    return money_pb2.Money(minor=minor, currency="PLN")


def o1_message(order_id: str = "O1", *, member: bool = True, days_ago: int = 3) -> resources_pb2.Order:
    """O1 of spec returns.md 4.6, placed so many days ago at midnight."""
    placed = int(time.time()) // _DAY * _DAY - days_ago * _DAY
    return resources_pb2.Order(
        order_id=order_id,
        customer_id="cus-1",
        loyalty_account_id="acc_1" if member else "",
        lines=[
            _line("A", "Coat", 1, 19999, 2300),
            _line("B", "Socks", 3, 4999, 800),
        ],
        discount=pln(5000),
        shipping=pln(2499),
        shipping_cheapest=pln(1299),
        tenders=[
            resources_pb2.Tender(kind=resources_pb2.Tender.KIND_CARD, amount=pln(32495), reference="pi_1")
        ],
        place_time=timestamp_pb2.Timestamp(seconds=placed),
    )


def _line(line_id: str, title: str, quantity: int, price: int, rate: int) -> resources_pb2.OrderLine:
    return resources_pb2.OrderLine(
        line_id=line_id,
        sku=f"SKU-{line_id}",
        title=title,
        quantity=quantity,
        unit_price=pln(price),
        tax_rate_bps=rate,
    )
