"""Carriers' scans by natural key; those of unknown parcels wait here."""

from collections.abc import Sequence
from datetime import datetime

from pymongo import ASCENDING, IndexModel

from services.chassis.mongo.client import Document
from services.chassis.mongo.unit_of_work import Scope
from services.returns.application.ports.transaction import ParkedScan
from services.returns.domain.carrier_events import CarrierEvent, CarrierEventCode

SCANS = "carrier_events"
MILESTONES = "milestones"
_PARKED, _TAKEN, _ORPHAN = "PARKED", "TAKEN", "ORPHAN"
_WAITING = {"state": _PARKED}
INDEXES = [
    IndexModel([("came_at", ASCENDING)], name="parked", partialFilterExpression=_WAITING),
    IndexModel(
        [("tenant_id", ASCENDING), ("tracking_no", ASCENDING)],
        name="parked_parcel",
        partialFilterExpression=_WAITING,
    ),
    IndexModel([("return_id", ASCENDING), ("occurred_at", ASCENDING)], name="of_return"),
]


class MongoScans:
    """See `application.ports.transaction.Scans`."""

    def __init__(self, scope: Scope) -> None:
        self._scans = scope.database[SCANS]
        self._milestones = scope.database[MILESTONES]
        self._session = scope.session

    async def is_known(self, tenant_id: str, event: CarrierEvent) -> bool:
        """See the port."""
        wanted = {"_id": _key(tenant_id, event)}
        return await self._scans.find_one(wanted, {"_id": 1}, session=self._session) is not None

    async def add(
        self, tenant_id: str, event: CarrierEvent, now: datetime, *, return_id: str, is_late: bool
    ) -> None:
        """See the port."""
        document = {
            "_id": _key(tenant_id, event),
            "tenant_id": tenant_id,
            "return_id": return_id,
            "state": _TAKEN if return_id else _PARKED,
            "is_late": is_late,
            "came_at": now,
            **_fields(event),
            "version": 1,
        }
        await self._scans.insert_one(document, session=self._session)

    async def assign(self, tenant_id: str, event: CarrierEvent, return_id: str, *, is_late: bool) -> None:
        """See the port."""
        await self._move(tenant_id, event, {"state": _TAKEN, "return_id": return_id, "is_late": is_late})

    async def give_up(self, tenant_id: str, event: CarrierEvent) -> None:
        """See the port."""
        await self._move(tenant_id, event, {"state": _ORPHAN})

    async def parked_for(self, tenant_id: str, carrier: str, tracking_number: str) -> Sequence[CarrierEvent]:
        """See the port."""
        wanted = {**_WAITING, "tenant_id": tenant_id, "tracking_no": tracking_number, "carrier": carrier}
        rows = self._scans.find(wanted, session=self._session).sort("occurred_at", ASCENDING)
        return [_event(row) for row in await rows.to_list(None)]

    async def parked(self, limit: int) -> Sequence[tuple[ParkedScan, datetime]]:
        """See the port."""
        rows = self._scans.find(_WAITING, session=self._session).sort("came_at", ASCENDING).limit(limit)
        return [
            (ParkedScan(row["tenant_id"], _event(row)), row["came_at"]) for row in await rows.to_list(None)
        ]

    async def reach(self, tenant_id: str, return_id: str, milestone: str, now: datetime) -> bool:
        """See the port."""
        row = {"_id": f"{tenant_id}/{return_id}/{milestone}"}
        if await self._milestones.find_one(row, session=self._session) is not None:
            return False
        await self._milestones.insert_one({**row, "tenant_id": tenant_id, "at": now}, session=self._session)
        return True

    async def _move(self, tenant_id: str, event: CarrierEvent, changes: Document) -> None:
        await self._scans.update_one(
            {"_id": _key(tenant_id, event), **_WAITING},
            {"$set": changes, "$inc": {"version": 1}},
            session=self._session,
        )


def _key(tenant_id: str, event: CarrierEvent) -> str:
    return f"{tenant_id}/{event.unique_key}"


def _fields(event: CarrierEvent) -> Document:
    return {
        "carrier": event.carrier,
        "tracking_no": event.tracking_no,
        "native_code": event.native_code,
        "code": event.code.value,
        "reason": event.reason,
        "occurred_at": event.occurred_at,
        # Part of the natural key, to the carrier's own resolution; MongoDB's dates end at milliseconds.
        "occurred": event.occurred_at.isoformat(),
        "location": event.location,
        "raw_sha256": event.raw_sha256,
        "carrier_pickup_id": event.carrier_pickup_id,
    }


def _event(row: Document) -> CarrierEvent:
    return CarrierEvent(
        carrier=row["carrier"],
        tracking_no=row["tracking_no"],
        native_code=row["native_code"],
        code=CarrierEventCode(row["code"]),
        reason=row["reason"],
        occurred_at=datetime.fromisoformat(row["occurred"]),
        location=row["location"],
        raw_sha256=row["raw_sha256"],
        carrier_pickup_id=row["carrier_pickup_id"],
    )
