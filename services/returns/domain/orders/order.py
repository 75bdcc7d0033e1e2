"""An order: lines, tenders and, per unit, what was paid and whether it is on its way back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from services.chassis.kernel.money import Money
from services.returns.domain.orders.tender_split import Released


class TenderKind(StrEnum):
    """By what means an order was paid."""

    CARD = "CARD"
    POINTS = "POINTS"
    EXTERNAL = "EXTERNAL"


@dataclass(frozen=True, slots=True)
class Tender:
    """One means of payment and its share of the total; `points` only for POINTS."""

    kind: TenderKind
    amount: int
    """Minor units of the order's currency."""
    points: int = 0
    reference: str = ""


class OrderLine(NamedTuple):
    """One line. Money is in minor units of the order's currency.

    A tuple, because imports make tens of thousands of them a second.

    `paid` and `tax` are the frozen totals of the line after the order's discount. Units are equal but for
    the remainder, which goes to the lowest indexes (M2, M3), so any unit's share follows from the totals
    and a line of 100,000 units costs no more to keep than a line of one.
    """

    line_id: str
    sku: str
    title: str
    quantity: int
    unit_price: int
    tax_rate_bps: int
    paid: int = 0
    tax: int = 0
    on_return: tuple[int, ...] = ()
    """Indexes of units on an active or finished return, ascending."""

    def unit_paid(self, index: int) -> int:
        """What was paid for one unit, tax included."""
        return _share(self.paid, self.quantity, index)

    def unit_tax(self, index: int) -> int:
        """The tax within `unit_paid`."""
        return _share(self.tax, self.quantity, index)

    @property
    def free(self) -> int:
        """How many units are on no return."""
        return self.quantity - len(self.on_return)

    def first_free(self, count: int) -> tuple[int, ...]:
        """The lowest indexes of free units, at most `count`."""
        taken = set(self.on_return)
        found: list[int] = []
        index = 0
        while len(found) < count and index < self.quantity:
            if index not in taken:
                found.append(index)
            index += 1
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as imported. Only delivery, units on return and what was released ever change."""

    tenant_id: str
    order_id: str
    customer_id: str
    loyalty_account_id: str
    loyalty_program_id: str
    currency: str
    lines: tuple[OrderLine, ...]
    discount: int
    shipping: int
    shipping_cheapest: int
    tenders: tuple[Tender, ...]
    total: int
    placed_at: datetime
    delivered_at: datetime | None
    fingerprint: str
    """SHA-256 of the order as sent: tells a repeated import from another order of the same id."""
    released: Released = field(default_factory=Released)
    version: int = 0
    sequence: int = 0

    @property
    def aggregate_id(self) -> str:
        """The aggregate that speaks in events; shops number their orders alike, so with the tenant."""
        return f"{self.tenant_id}/{self.order_id}"

    @property
    def points(self) -> int:
        """Points that paid for a part of it."""
        return sum(tender.points for tender in self.tenders if tender.kind is TenderKind.POINTS)

    @property
    def points_value(self) -> int:
        """What those points paid, in minor units."""
        return sum(tender.amount for tender in self.tenders if tender.kind is TenderKind.POINTS)

    def money(self, minor: int) -> Money:
        """An amount in the order's currency."""
        return Money(minor, self.currency)

    def line(self, line_id: str) -> OrderLine | None:
        """The line of that id."""
        return next((line for line in self.lines if line.line_id == line_id), None)

    def with_units_taken(self, units: Mapping[str, Iterable[int]], released: Released) -> "Order":
        """The order with these units (by line id) on a return and that much promised back."""
        lines = tuple(
            line._replace(on_return=tuple(sorted({*line.on_return, *units[line.line_id]})))
            if line.line_id in units
            else line
            for line in self.lines
        )
        return replace(self, lines=lines, released=released)

    def with_units_freed(self, units: Mapping[str, Iterable[int]], released: Released) -> "Order":
        """The order with these units (by line id) free again and that much promised back."""
        lines = tuple(
            line._replace(on_return=tuple(sorted(set(line.on_return) - set(units[line.line_id]))))
            if line.line_id in units
            else line
            for line in self.lines
        )
        return replace(self, lines=lines, released=released)


def _share(total: int, quantity: int, index: int) -> int:
    return total // quantity + (1 if index < total % quantity else 0)
