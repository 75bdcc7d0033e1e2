"""WarehouseService."""

from typing import Any

from aftercare.returns.v1 import resources_pb2, warehouse_service_pb2, warehouse_service_pb2_grpc
from services.chassis.grpc.context import request_context
from services.returns.application.ports import Ports
from services.returns.application.queries.lookup_by_scan import lookup_by_scan
from services.returns.application.use_cases.receive_parcel import ReceiveParcel, receive_parcel
from services.returns.application.use_cases.record_inspection import RecordInspection, record_inspection
from services.returns.entrypoints.grpc import return_mapping as mapping

Context = Any  # grpc.aio.ServicerContext


class WarehouseServicer(warehouse_service_pb2_grpc.WarehouseServiceServicer):
    """The warehouse desk."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def LookupByScan(  # noqa: N802 - gRPC's name
        self, request: warehouse_service_pb2.LookupByScanRequest, _context: Context
    ) -> resources_pb2.ReturnCase:
        """See the proto."""
        return mapping.from_case(await lookup_by_scan(self._ports, request_context(request), request.code))

    async def ReceiveParcel(  # noqa: N802 - gRPC's name
        self, request: warehouse_service_pb2.ReceiveParcelRequest, _context: Context
    ) -> resources_pb2.ReturnCase:
        """See the proto."""
        lines = mapping.to_counted(request.lines)
        command = ReceiveParcel(request_context(request), request.return_id, lines)
        return mapping.from_case((await receive_parcel(self._ports, command)).value)

    async def RecordInspection(  # noqa: N802 - gRPC's name
        self, request: warehouse_service_pb2.RecordInspectionRequest, _context: Context
    ) -> resources_pb2.ReturnCase:
        """See the proto."""
        lines = mapping.to_judged(request.lines)
        command = RecordInspection(request_context(request), request.return_id, lines)
        return mapping.from_case((await record_inspection(self._ports, command)).value)
