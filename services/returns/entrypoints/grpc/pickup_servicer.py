"""PickupService and CarrierEventsService."""

from typing import Any

from aftercare.returns.v1 import pickup_service_pb2, pickup_service_pb2_grpc, resources_pb2
from services.chassis.grpc.context import request_context
from services.chassis.wire import from_datetime, from_money
from services.returns.application.ports import Ports
from services.returns.application.queries.get_label import get_label
from services.returns.application.queries.list_slots import list_slots
from services.returns.application.use_cases.book_pickup import BookPickup, book_pickup
from services.returns.application.use_cases.ingest_carrier_events import (
    IngestCarrierEvents,
    ingest_carrier_events,
)
from services.returns.domain.carriage import Address, LabelFormat, Slot
from services.returns.entrypoints.grpc.return_mapping import from_case

Context = Any  # grpc.aio.ServicerContext
_Format = pickup_service_pb2.Label.Format


class PickupServicer(pickup_service_pb2_grpc.PickupServiceServicer):
    """The courier: slots, bookings, labels."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def ListSlots(  # noqa: N802 - gRPC's name
        self, request: pickup_service_pb2.ListSlotsRequest, _context: Context
    ) -> pickup_service_pb2.ListSlotsResponse:
        """See the proto."""
        ctx, address = request_context(request), _address(request.address)
        carrier, slots = await list_slots(self._ports, ctx, request.return_id, address, request.days)
        return pickup_service_pb2.ListSlotsResponse(slots=[_slot(slot, carrier) for slot in slots])

    async def BookPickup(  # noqa: N802 - gRPC's name
        self, request: pickup_service_pb2.BookPickupRequest, _context: Context
    ) -> resources_pb2.ReturnCase:
        """See the proto."""
        ctx, address = request_context(request), _address(request.address)
        command = BookPickup(ctx, request.return_id, request.slot_id, address)
        return from_case((await book_pickup(self._ports, command)).value)

    async def GetLabel(  # noqa: N802 - gRPC's name
        self, request: pickup_service_pb2.GetLabelRequest, _context: Context
    ) -> pickup_service_pb2.Label:
        """See the proto."""
        wanted = LabelFormat(_Format.Name(request.format).removeprefix("FORMAT_"))
        label = await get_label(self._ports, request_context(request), request.return_id, wanted)
        return pickup_service_pb2.Label(format=request.format, content=label.content)


class CarrierEventsServicer(pickup_service_pb2_grpc.CarrierEventsServiceServicer):
    """What the couriers themselves tell us."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def IngestCarrierEvents(  # noqa: N802 - gRPC's name
        self, request: pickup_service_pb2.IngestCarrierEventsRequest, _context: Context
    ) -> pickup_service_pb2.IngestCarrierEventsResponse:
        """See the proto."""
        headers = {header.name: header.value for header in request.headers}
        command = IngestCarrierEvents(request_context(request), request.carrier, headers, request.body)
        done = await ingest_carrier_events(self._ports, command)
        return pickup_service_pb2.IngestCarrierEventsResponse(
            accepted=done.accepted, duplicates=done.duplicates, parked=done.parked
        )


def _address(message: resources_pb2.Address) -> Address:
    return Address(
        name=message.name,
        street=message.street,
        postal_code=message.postal_code,
        city=message.city,
        country=message.country,
        phone=message.phone,
        email=message.email,
    )


def _slot(slot: Slot, carrier: str) -> resources_pb2.Slot:
    return resources_pb2.Slot(
        slot_id=slot.id,
        carrier=carrier,
        start_time=from_datetime(slot.start),
        end_time=from_datetime(slot.end),
        timezone=slot.tz,
        price=from_money(slot.price),
    )
