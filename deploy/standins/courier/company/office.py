"""Kurier's business: taking orders, changing them, and letting time pass.

Everything here is synchronous and finishes at once, so a client that hangs up never leaves a half-made
order. What becomes known is handed to `announce` as groups of scans, one group a notice.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from deploy.standins.courier.company.books import Books
from deploy.standins.courier.company.faults import (
    DRIVER_HAS_IT,
    REFERENCE_USED,
    VOIDED,
    conflict_fault,
    product_fault,
)
from deploy.standins.courier.company.network import area_of
from deploy.standins.courier.company.records import Consignment, Scan
from deploy.standins.courier.company.scripts import Step
from deploy.standins.courier.company.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable

    from deploy.standins.courier.api.bodies import NewConsignment
    from deploy.standins.courier.company.clock import VirtualClock
    from deploy.standins.courier.company.records import Collection

    Announce = Callable[[list[Scan]], None]

_VALID_DAYS: Final = 21
PRODUCTS: Final = ("ODB-ETYK", "ODB-BEZ", "PUNKT")
"""Collection with the customer's label, collection without, and handing in at a point."""
PAPERLESS: Final = ("ODB-BEZ",)
COLLECTED_PRODUCTS: Final = ("ODB-ETYK", "ODB-BEZ")
_CODES_OF_A_JOURNEY: Final = ("K20", "K21", "K30", "K31", "K40", "K50")


class Office:
    """Consignments and scans; collections are in `dispatch.py`."""

    def __init__(self, clock: VirtualClock, announce: Announce, seed: int | None = None) -> None:
        self.clock = clock
        self.announce = announce
        self._seed = seed
        self.books = Books(seed)
        self.timeline = Timeline()

    def reset(self) -> None:
        """Forget everything and return to the clock's start."""
        self.books = Books(self._seed)
        self.timeline = Timeline()
        self.clock.reset()

    def create_consignment(self, order: NewConsignment) -> tuple[Consignment, bool]:
        """The consignment and whether it is new: the same reference and order give the same one."""
        if known := self.books.consignment_of_reference(order.your_ref):
            if known.order != order:
                raise conflict_fault(REFERENCE_USED, "yourRef belongs to another consignment")
            return known, False
        area = area_of(order.shipper.country, order.shipper.zip, path="shipper.zip")
        area_of(order.consignee.country, order.consignee.zip, path="consignee.zip")
        now = self.clock.now()
        last_day = now.astimezone(area.zone).date() + timedelta(days=_VALID_DAYS)
        consignment = Consignment(
            number=self.books.new_number("KC", 8),
            order=order,
            waybills=tuple(self.books.new_number("KU", 12) for _ in order.pieces),
            handover_code=self.books.new_number("", 8),
            valid_till=datetime.combine(last_day, time(23, 59, 59), tzinfo=area.zone),
        )
        self.books.add_consignment(consignment)
        self.scan(consignment, Step(now, "K00"), None)
        self.timeline.plan([Step(consignment.valid_till, "K91")], consignment, None)
        return consignment, True

    def void_consignment(self, consignment: Consignment) -> None:
        """Take it back, with the collections that are still open."""
        if consignment.voided:
            return
        if consignment.taken:
            raise conflict_fault(DRIVER_HAS_IT, "the consignment is on its way")
        consignment.voided = True
        for collection in self.books.collections_of(consignment):
            if collection.phase not in {"Z3", "Z8"}:
                collection.phase, collection.turn = "Z8", collection.turn + 1
        self.scan(consignment, Step(self.clock.now(), "K90"), None)

    def check_papers(self, consignment: Consignment) -> None:
        """Whether labels may be printed."""
        if consignment.order.product in PAPERLESS:
            raise product_fault("the driver brings the label")
        if consignment.voided:
            raise conflict_fault(VOIDED, "the consignment is voided")

    def scan(self, consignment: Consignment, step: Step, collection: Collection | None) -> list[Scan]:
        """Record a step on every piece and tell the client in one notice."""
        scans = [
            Scan(
                waybill=waybill,
                code=step.code,
                cause=step.cause,
                at=step.at,
                zone=consignment.zone,
                place=step.place,
                collection_no=collection.number if collection else "",
            )
            for waybill in consignment.waybills
        ]
        self.record(consignment, scans)
        return scans

    def record(self, consignment: Consignment, scans: list[Scan]) -> None:
        """Keep scans, note possession, tell the client."""
        for scan in scans:
            self.books.add_scan(consignment, scan)
            consignment.taken |= scan.code in _CODES_OF_A_JOURNEY
        self.announce(scans)
