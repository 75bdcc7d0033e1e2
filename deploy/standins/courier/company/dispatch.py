"""Kurier's drivers: collections ordered, moved, withdrawn, and what the day makes of them."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from deploy.standins.courier.company.faults import (
    DRIVER_HAS_IT,
    HAS_COLLECTION,
    REFERENCE_USED,
    TERM_TAKEN,
    TOO_LATE,
    VOIDED,
    conflict_fault,
    product_fault,
)
from deploy.standins.courier.company.office import COLLECTED_PRODUCTS
from deploy.standins.courier.company.records import Collection
from deploy.standins.courier.company.scripts import Step, Withdrawal, script_of, visit_steps
from deploy.standins.courier.company.terms import term_of_id

if TYPE_CHECKING:
    from deploy.standins.courier.api.bodies import NewCollection
    from deploy.standins.courier.company.office import Office
    from deploy.standins.courier.company.records import Consignment, Scan
    from deploy.standins.courier.company.scripts import Script
    from deploy.standins.courier.company.terms import Term
    from deploy.standins.courier.company.timeline import Due

CHANGE_CUTOFF: Final = timedelta(minutes=120)
"""Before the window starts; afterwards a collection is neither moved nor withdrawn."""
DRIVER_VISITS: Final = 3
_MAX_SCRIPTED: Final = 100
_ANSWER_TO_WITHDRAWAL: Final = timedelta(minutes=10)
_VISIT_CODES: Final = ("K10", "K19", "K20")
_PHASES: Final = {
    "K05": "Z1",
    "K10": "Z2",
    "K19": "Z4",
    "K20": "Z3",
    "K95": "Z8",
    "K96": "Z1",
}


class Dispatch:
    """Works on the office's books and timeline."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self.scripted_next: deque[str] = deque(maxlen=_MAX_SCRIPTED)
        """Endings that the next new bookings get, whatever their references say."""

    def book(self, order: NewCollection) -> tuple[Collection, bool]:
        """The collection and whether it is new; `yourRef` finds the one that is already there."""
        books = self._office.books
        if known := books.collection_of_reference(order.your_ref):
            if known.order != order:
                raise conflict_fault(REFERENCE_USED, "yourRef belongs to another collection")
            return known, False
        consignment = books.consignment(order.consignment_no)
        term = self._bookable_term(consignment, order.term_id)
        collection = Collection(
            number=books.new_number("KZ", 8),
            order=order,
            consignment=consignment,
            term=term,
            fee=term.fee(len(consignment.waybills)),
            confirmation=books.new_number("P", 6),
            script=self._next_script(order, consignment),
        )
        self._check_script_of_term(collection)
        self._leave_failed_visits_to(consignment)
        books.add_collection(collection)
        self._announce_term(collection)
        return collection, True

    def _next_script(self, order: NewCollection, consignment: Consignment) -> Script:
        by_control = self.scripted_next.popleft() if self.scripted_next else ""
        return script_of(by_control, order.your_ref, consignment.order.your_ref)

    def _bookable_term(self, consignment: Consignment, term_id: str) -> Term:
        if consignment.voided:
            raise conflict_fault(VOIDED, "the consignment is voided")
        if consignment.order.product not in COLLECTED_PRODUCTS:
            raise product_fault("this product is handed in at a point")
        if consignment.taken:
            raise conflict_fault(DRIVER_HAS_IT, "the consignment is on its way")
        open_phases = {c.phase for c in self._office.books.collections_of(consignment)}
        if open_phases & {"Z1", "Z2", "Z7"}:
            raise conflict_fault(HAS_COLLECTION, "the consignment has an open collection")
        return self._orderable_term(consignment, term_id)

    def _orderable_term(self, consignment: Consignment, term_id: str) -> Term:
        shipper = consignment.order.shipper
        term = term_of_id(term_id, country=shipper.country, zip_code=shipper.zip)
        if term.order_by <= self._office.clock.now():
            raise conflict_fault(TOO_LATE, "the term could be ordered until orderBy")
        return term

    def _check_script_of_term(self, collection: Collection) -> None:
        """-SLOTTAKEN: the first term tried is gone for good, any other one is free."""
        if not collection.script.first_term_taken:
            return
        taken = self._office.books.taken_terms
        if taken.setdefault(collection.consignment.number, collection.term.id) == collection.term.id:
            raise conflict_fault(TERM_TAKEN, "the term was taken a moment ago")

    def _leave_failed_visits_to(self, consignment: Consignment) -> None:
        """A new order replaces the driver's own second visit, or two drivers would come."""
        for earlier in self._office.books.collections_of(consignment):
            if earlier.phase == "Z4":
                earlier.turn += 1

    def move(self, collection: Collection, term_id: str) -> Collection:
        """To another term; after a failed visit too."""
        if collection.phase not in {"Z1", "Z4"}:
            raise conflict_fault(TOO_LATE, f"a collection in phase {collection.phase} cannot move")
        if collection.phase == "Z1":
            self._check_cutoff(collection)
        term = self._orderable_term(collection.consignment, term_id)
        collection.term, collection.turn, collection.phase = term, collection.turn + 1, "Z1"
        self._announce_term(collection)
        return collection

    def withdraw(self, collection: Collection) -> str:
        """`WITHDRAWN` or `ASKED`; a refusal is a fault."""
        if collection.phase == "Z8":
            return "WITHDRAWN"
        if collection.phase == "Z7":
            return "ASKED"
        if collection.phase in {"Z2", "Z3"}:
            raise conflict_fault(DRIVER_HAS_IT, "the driver is on the way or has been there")
        if collection.phase == "Z1":
            self._check_cutoff(collection)
        withdrawal = collection.script.withdrawal
        if withdrawal is Withdrawal.REFUSED:
            raise conflict_fault(DRIVER_HAS_IT, "the driver's tour is closed")
        if withdrawal is Withdrawal.DONE:
            self._apply(collection, Step(self._office.clock.now(), "K95"))
            return "WITHDRAWN"
        collection.phase = "Z7"
        code = "K95" if withdrawal is Withdrawal.ASKED else "K96"
        answer = Step(self._office.clock.now() + _ANSWER_TO_WITHDRAWAL, code)
        self._office.timeline.plan([answer], collection.consignment, collection)
        return "ASKED"

    def _check_cutoff(self, collection: Collection) -> None:
        if collection.term.start - CHANGE_CUTOFF < self._office.clock.now():
            raise conflict_fault(TOO_LATE, "less than 120 minutes before the window")

    def open_collection(self, consignment: Consignment) -> Collection | None:
        """The last one that was not withdrawn: the one a scan at will belongs to."""
        found = self._office.books.collections_of(consignment)
        return next((c for c in reversed(found) if c.phase != "Z8"), None)

    def scan_at_will(self, scan: Scan) -> None:
        """A scan of one piece, in no script; a waybill nobody knows is told and not kept."""
        consignment = self._office.books.consignment_of_waybill(scan.waybill)
        if consignment is None:
            self._office.announce([scan])
            return
        if collection := self.open_collection(consignment):
            collection.phase = _PHASES.get(scan.code, collection.phase)
        self._office.record(consignment, [scan])

    def run_due(self) -> list[Scan]:
        """Make every scan that has fallen due, in order of time."""
        made: list[Scan] = []
        for due in self._office.timeline.due(self._office.clock.now()):
            made += self._make(due)
        return made

    def _make(self, due: Due) -> list[Scan]:
        consignment, collection = due.consignment, due.collection
        if collection is None:
            if consignment.taken or consignment.voided:  # K91: expired only if it never left
                return []
            consignment.voided = True
            return self._office.scan(consignment, due.step, None)
        if due.step.code in _VISIT_CODES and consignment.taken:
            return []  # a scan made by control has overtaken the script
        return self._apply(collection, due.step)

    def _apply(self, collection: Collection, step: Step) -> list[Scan]:
        """Write the phase, record the scan, and plan what follows a failed visit."""
        if collection.phase != "Z4" or step.code != "K05":  # a second visit is not yet a new order
            collection.phase = _PHASES.get(step.code, collection.phase)
        if step.code == "K95":
            collection.turn += 1
        scans = self._office.scan(collection.consignment, step, collection)
        if step.code == "K19":
            self._plan_second_visit(collection, step)
        return scans

    def _plan_second_visit(self, collection: Collection, step: Step) -> None:
        """Next working day at the same hours, unless this was the last visit that is included."""
        collection.consignment.failed_visits += 1
        if collection.consignment.failed_visits >= DRIVER_VISITS:
            return
        collection.term = collection.term.next_visit()
        again = Step(step.at + timedelta(hours=3), "K05")
        self._office.timeline.plan([again], collection.consignment, collection)
        self._plan_visit(collection)

    def _announce_term(self, collection: Collection) -> None:
        self._apply(collection, Step(self._office.clock.now(), "K05"))
        self._plan_visit(collection)

    def _plan_visit(self, collection: Collection) -> None:
        consignment = collection.consignment
        steps = visit_steps(collection.term, collection.script, failed_visits=consignment.failed_visits)
        self._office.timeline.plan(steps, consignment, collection)
