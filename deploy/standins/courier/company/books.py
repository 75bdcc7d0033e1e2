"""Kurier's memory: bounded, so that a stand-in left running for weeks stays small."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from deploy.standins.courier.company.faults import missing_fault

if TYPE_CHECKING:
    from deploy.standins.courier.company.records import Collection, Consignment, Scan

MAX_CONSIGNMENTS: Final = 5_000
MAX_COLLECTIONS: Final = 10_000
MAX_SCANS: Final = 100
"""Of one waybill's consignment; later scans push out the oldest."""


class Books:
    """Records by their numbers and by the client's references; the oldest leave first."""

    def __init__(self, seed: int | None = None) -> None:
        # Random numbers: a restarted Kurier must not hand out waybills our database already knows.
        self._random = random.Random(seed)  # noqa: S311 - numbers of parcels, not secrets
        self.consignments: dict[str, Consignment] = {}
        self.collections: dict[str, Collection] = {}
        self._by_waybill: dict[str, Consignment] = {}
        self._by_reference: dict[str, Consignment] = {}
        self._collections_by_reference: dict[str, Collection] = {}
        self.taken_terms: dict[str, str] = {}
        """Consignment number -> the term that a -SLOTTAKEN script found taken."""

    def new_number(self, prefix: str, digits: int) -> str:
        """A number that nobody has yet."""
        while True:
            number = f"{prefix}{self._random.randrange(10**digits):0{digits}}"
            known = (self.consignments, self.collections, self._by_waybill)
            if not any(number in numbers for numbers in known):
                return number

    def add_consignment(self, consignment: Consignment) -> None:
        while len(self.consignments) >= MAX_CONSIGNMENTS:
            self._forget_consignment(next(iter(self.consignments.values())))
        self.consignments[consignment.number] = consignment
        self._by_reference[consignment.order.your_ref] = consignment
        self._by_waybill.update(dict.fromkeys(consignment.waybills, consignment))

    def _forget_consignment(self, consignment: Consignment) -> None:
        del self.consignments[consignment.number]
        self._by_reference.pop(consignment.order.your_ref, None)
        self.taken_terms.pop(consignment.number, None)
        for waybill in consignment.waybills:
            del self._by_waybill[waybill]
        for collection in self.collections_of(consignment):
            self._forget_collection(collection)

    def add_collection(self, collection: Collection) -> None:
        while len(self.collections) >= MAX_COLLECTIONS:
            self._forget_collection(next(iter(self.collections.values())))
        self.collections[collection.number] = collection
        self._collections_by_reference[collection.your_ref] = collection

    def _forget_collection(self, collection: Collection) -> None:
        del self.collections[collection.number]
        self._collections_by_reference.pop(collection.your_ref, None)
        collection.turn += 1

    def add_scan(self, consignment: Consignment, scan: Scan) -> None:
        consignment.scans.append(scan)
        del consignment.scans[:-MAX_SCANS]

    def consignment(self, number: str) -> Consignment:
        if number not in self.consignments:
            raise missing_fault("consignment", number)
        return self.consignments[number]

    def collection(self, number: str) -> Collection:
        if number not in self.collections:
            raise missing_fault("collection", number)
        return self.collections[number]

    def consignment_of_waybill(self, waybill: str) -> Consignment | None:
        return self._by_waybill.get(waybill)

    def consignment_of_reference(self, reference: str) -> Consignment | None:
        return self._by_reference.get(reference)

    def collection_of_reference(self, reference: str) -> Collection | None:
        return self._collections_by_reference.get(reference)

    def collections_of(self, consignment: Consignment) -> list[Collection]:
        return [c for c in self.collections.values() if c.consignment is consignment]
