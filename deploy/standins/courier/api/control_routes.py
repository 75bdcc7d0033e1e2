"""The controls: not Kurier's API but the strings of the puppet."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from aiohttp import web

from deploy.standins.courier.api.bodies import read_body
from deploy.standins.courier.api.control_bodies import (
    Advance,
    Deliver,
    Flush,
    Hold,
    Nothing,
    Redeliver,
    ScanAtWill,
    ScriptNext,
)
from deploy.standins.courier.api.faults import FaultOrder
from deploy.standins.courier.company.faults import Fault
from deploy.standins.courier.company.network import AREAS
from deploy.standins.courier.company.records import Scan, utc_text

if TYPE_CHECKING:
    from pydantic import BaseModel

    from deploy.standins.courier.api.faults import FaultBox
    from deploy.standins.courier.company.desk import Desk
    from deploy.standins.courier.notices.postman import Postman

    AnyControl = TypeVar("AnyControl", bound=BaseModel)

_WAIT_SECS: Final = 15
_SHOWN: Final = 50
"""How many scans and notices an answer shows; the count is always whole."""


class ControlRoutes:
    """POST with a JSON body each, but for GET /_control/state."""

    def __init__(self, desk: Desk, postman: Postman, faults: FaultBox) -> None:
        self._desk = desk
        self._postman = postman
        self._faults = faults

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_post("/_control/advance", self.advance)
        router.add_post("/_control/scan", self.scan)
        router.add_post("/_control/deliver", self.deliver)
        router.add_post("/_control/hold", self.hold)
        router.add_post("/_control/flush", self.flush)
        router.add_post("/_control/redeliver", self.redeliver)
        router.add_post("/_control/fault", self.fault)
        router.add_post("/_control/script", self.script)
        router.add_post("/_control/reset", self.reset)
        router.add_get("/_control/state", self.state)

    async def advance(self, request: web.Request) -> web.Response:
        order = await _read(request, Advance)
        self._desk.office.clock.advance(timedelta(seconds=order.secs))
        return await self._told(self._desk.run_due(), wait=order.wait)

    async def scan(self, request: web.Request) -> web.Response:
        order = await _read(request, ScanAtWill)
        office = self._desk.office
        consignment = office.books.consignment_of_waybill(order.tracking_no)
        if consignment is None and not order.stray:
            raise Fault(404, "C-404", f"no waybill {order.tracking_no}; set stray to send it anyway")
        collection = consignment and self._desk.dispatch.open_collection(consignment)
        scan = Scan(
            waybill=order.tracking_no,
            code=order.code,
            cause=order.cause,
            at=order.moment(office.clock.now()),
            zone=consignment.zone if consignment else AREAS["PL"].zone,
            place=order.place,
            collection_no=collection.number if collection else "",
        )
        self._desk.scan_at_will(scan)
        return await self._told([scan], wait=order.wait)

    async def deliver(self, request: web.Request) -> web.Response:
        order = await _read(request, Deliver)
        self._postman.duplicate, self._postman.shuffle = order.duplicate, order.shuffle
        return web.json_response(self._state())

    async def hold(self, request: web.Request) -> web.Response:
        order = await _read(request, Hold)
        self._postman.is_holding = order.on
        return web.json_response(self._state())

    async def flush(self, request: web.Request) -> web.Response:
        order = await _read(request, Flush)
        flushed = self._postman.flush()
        return await self._settled({"flushed": flushed}, wait=order.wait)

    async def redeliver(self, request: web.Request) -> web.Response:
        order = await _read(request, Redeliver)
        notices = list(self._postman.log)
        if order.last is not None:
            notices = notices[-order.last :]
        else:
            notices = [notice for notice in notices if notice.id == order.notice_id]
            if not notices:
                raise Fault(404, "C-404", f"no notice {order.notice_id} in the last 1,000")
        self._postman.redeliver(notices)
        return await self._settled({"redelivered": len(notices)}, wait=order.wait)

    async def fault(self, request: web.Request) -> web.Response:
        self._faults.add(await _read(request, FaultOrder))
        return web.json_response(self._state())

    async def script(self, request: web.Request) -> web.Response:
        order = await _read(request, ScriptNext)
        self._desk.dispatch.scripted_next.extend([order.endings] * order.bookings)
        return web.json_response(self._state())

    async def reset(self, request: web.Request) -> web.Response:
        await _read(request, Nothing)
        self._desk.reset()
        self._postman.reset()
        self._faults.clear()
        return web.json_response(self._state())

    async def state(self, _request: web.Request) -> web.Response:
        return web.json_response(self._state())

    async def _told(self, scans: list[Scan], *, wait: bool) -> web.Response:
        shown = [scan.rendered() for scan in scans[:_SHOWN]]
        return await self._settled({"emitted": len(scans), "scans": shown}, wait=wait)

    async def _settled(self, body: dict[str, Any], *, wait: bool) -> web.Response:
        if wait:
            body["settled"] = await self._postman.until_idle(_WAIT_SECS)
        now = utc_text(self._desk.office.clock.now())
        return web.json_response({"now": now, **body, "unsent": self._postman.unsent})

    def _state(self) -> dict[str, Any]:
        office, postman = self._desk.office, self._postman
        return {
            "now": utc_text(office.clock.now()),
            "frozen": office.clock.is_frozen,
            "consignments": len(office.books.consignments),
            "collections": {c.your_ref: c.phase for c in list(office.books.collections.values())[-_SHOWN:]},
            "waiting_steps": len(office.timeline),
            "scripted_next": list(self._desk.dispatch.scripted_next),
            "faults": [order.model_dump() for order in self._faults.orders],
            "holding": postman.is_holding,
            "held": postman.held,
            "unsent": postman.unsent,
            "duplicate": postman.duplicate,
            "shuffle": postman.shuffle,
            "notices": [notice.rendered() for notice in list(postman.log)[-_SHOWN:]],
        }


async def _read(request: web.Request, model: type[AnyControl]) -> AnyControl:
    return await read_body(request, model, status=400, number="C-400")
