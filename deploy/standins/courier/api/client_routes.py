"""Kurier's public API, version 2."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from deploy.standins.courier.api.bodies import NewCollection, NewConsignment, NewTerm, read_body
from deploy.standins.courier.api.faults import HANG_SECS
from deploy.standins.courier.company.dispatch import CHANGE_CUTOFF, DRIVER_VISITS
from deploy.standins.courier.company.faults import Fault, field_fault, missing_fault
from deploy.standins.courier.company.network import area_of
from deploy.standins.courier.company.office import PRODUCTS
from deploy.standins.courier.company.terms import terms_between
from deploy.standins.courier.papers.pdf import pdf_label
from deploy.standins.courier.papers.zpl import zpl_label

if TYPE_CHECKING:
    from deploy.standins.courier.company.dispatch import Dispatch
    from deploy.standins.courier.company.office import Office

PAPER_KINDS: Final = ("pdf_a6", "zpl_203")
_MAX_TRACKED: Final = 50


class ClientRoutes:
    """One method a route; the business is in the office and its dispatch."""

    def __init__(self, office: Office, dispatch: Dispatch) -> None:
        self._office = office
        self._dispatch = dispatch

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get("/v2/coverage", self.coverage)
        router.add_get("/v2/terms", self.terms)
        router.add_post("/v2/consignments", self.create_consignment)
        router.add_get("/v2/consignments/{no}", self.consignment)
        router.add_delete("/v2/consignments/{no}", self.void_consignment)
        router.add_get("/v2/waybills/{no}/paper", self.paper)
        router.add_post("/v2/collections", self.create_collection)
        router.add_get("/v2/collections", self.collections)
        router.add_get("/v2/collections/{no}", self.collection)
        router.add_post("/v2/collections/{no}/term", self.move_collection)
        router.add_post("/v2/collections/{no}/withdraw", self.withdraw_collection)
        router.add_get("/v2/track", self.track)

    async def coverage(self, request: web.Request) -> web.Response:
        area_of(_query(request, "fromCountry"), _query(request, "fromZip"), path="fromZip")
        if _query(request, "toCountry") not in {"PL", "DE", "CZ"}:
            raise Fault(422, "E-4225", "Kurier does not deliver there")
        return web.json_response(
            {
                "products": list(PRODUCTS),
                "papers": list(PAPER_KINDS),
                "termLookup": True,
                "termChange": True,
                "withdrawMinutesBefore": int(CHANGE_CUTOFF.total_seconds()) // 60,
                "limits": {"kg": "31.5", "cm": {"length": "120", "width": "80", "height": "80"}},
                "driverVisits": DRIVER_VISITS,
            }
        )

    async def terms(self, request: web.Request) -> web.Response:
        country, zip_code = _query(request, "country"), _query(request, "zip")
        first, last = _day(request, "dayFrom"), _day(request, "dayTo")
        pieces = request.query.get("pieces", "1")
        if not pieces.isascii() or not pieces.isdigit() or not 1 <= int(pieces) <= 10:
            raise field_fault("pieces", "1 to 10")
        found = terms_between(country, zip_code, first, last, self._office.clock.now())
        return web.json_response({"terms": [term.rendered(int(pieces)) for term in found]})

    async def create_consignment(self, request: web.Request) -> web.Response:
        order = await read_body(request, NewConsignment)
        consignment, is_new = self._office.create_consignment(order)
        return web.json_response(consignment.rendered(), status=201 if is_new else 200)

    async def consignment(self, request: web.Request) -> web.Response:
        found = self._office.books.consignment(request.match_info["no"])
        return web.json_response(found.rendered())

    async def void_consignment(self, request: web.Request) -> web.Response:
        consignment = self._office.books.consignment(request.match_info["no"])
        self._office.void_consignment(consignment)
        return web.json_response(consignment.rendered())

    async def paper(self, request: web.Request) -> web.Response:
        waybill, kind = request.match_info["no"], request.query.get("kind", "pdf_a6")
        consignment = self._office.books.consignment_of_waybill(waybill)
        if consignment is None:
            raise missing_fault("waybill", waybill)
        if kind not in PAPER_KINDS:
            raise field_fault("kind", "pdf_a6 or zpl_203")
        self._office.check_papers(consignment)
        if kind == "zpl_203":
            return web.Response(text=zpl_label(consignment, waybill), content_type="text/plain")
        return web.Response(body=pdf_label(consignment, waybill), content_type="application/pdf")

    async def create_collection(self, request: web.Request) -> web.Response:
        collection, is_new = self._dispatch.book(await read_body(request, NewCollection))
        if is_new and collection.script.booking_hangs:  # it has happened, and nobody will say so
            await asyncio.sleep(HANG_SECS)
            raise Fault(504, "E-5040", "the answer took too long")
        return web.json_response(collection.rendered(), status=201 if is_new else 200)

    async def collections(self, request: web.Request) -> web.Response:
        found = self._office.books.collection_of_reference(_query(request, "yourRef"))
        return web.json_response({"collections": [found.rendered()] if found else []})

    async def collection(self, request: web.Request) -> web.Response:
        found = self._office.books.collection(request.match_info["no"])
        return web.json_response(found.rendered())

    async def move_collection(self, request: web.Request) -> web.Response:
        collection = self._office.books.collection(request.match_info["no"])
        order = await read_body(request, NewTerm)
        return web.json_response(self._dispatch.move(collection, order.term_id).rendered())

    async def withdraw_collection(self, request: web.Request) -> web.Response:
        collection = self._office.books.collection(request.match_info["no"])
        outcome = self._dispatch.withdraw(collection)
        body = {"collectionNo": collection.number, "outcome": outcome}
        return web.json_response(body, status=200 if outcome == "WITHDRAWN" else 202)

    async def track(self, request: web.Request) -> web.Response:
        waybills = [number for number in _query(request, "waybills").split(",") if number]
        if len(waybills) > _MAX_TRACKED:
            raise field_fault("waybills", f"at most {_MAX_TRACKED}")
        scans: list[dict[str, Any]] = []
        for waybill in dict.fromkeys(waybills):
            consignment = self._office.books.consignment_of_waybill(waybill)
            if consignment is not None:
                scans += [s.rendered() for s in consignment.scans if s.waybill == waybill]
        return web.json_response({"scans": scans})


def _query(request: web.Request, name: str) -> str:
    value = request.query.get(name, "")
    if not value:
        raise field_fault(name, "missing")
    return value


def _day(request: web.Request, name: str) -> date:
    try:
        return date.fromisoformat(_query(request, name))
    except ValueError:
        raise field_fault(name, "a day as YYYY-MM-DD") from None
