"""What the gRPC server is given."""

from aftercare.returns.v1 import (
    order_service_pb2_grpc,
    pickup_service_pb2_grpc,
    returns_service_pb2_grpc,
    warehouse_service_pb2_grpc,
)
from services.chassis.grpc.server import Service
from services.returns.application.ports import Ports
from services.returns.entrypoints.grpc.order_servicer import OrderServicer
from services.returns.entrypoints.grpc.pickup_servicer import CarrierEventsServicer, PickupServicer
from services.returns.entrypoints.grpc.returns_servicer import ReturnsServicer
from services.returns.entrypoints.grpc.warehouse_servicer import WarehouseServicer

_PACKAGE = "aftercare.returns.v1"


def grpc_services(ports: Ports) -> list[Service]:
    """The five proto services."""
    return [
        Service(
            f"{_PACKAGE}.OrderService",
            order_service_pb2_grpc.add_OrderServiceServicer_to_server,
            OrderServicer(ports),
        ),
        Service(
            f"{_PACKAGE}.ReturnsService",
            returns_service_pb2_grpc.add_ReturnsServiceServicer_to_server,
            ReturnsServicer(ports),
        ),
        Service(
            f"{_PACKAGE}.PickupService",
            pickup_service_pb2_grpc.add_PickupServiceServicer_to_server,
            PickupServicer(ports),
        ),
        Service(
            f"{_PACKAGE}.CarrierEventsService",
            pickup_service_pb2_grpc.add_CarrierEventsServiceServicer_to_server,
            CarrierEventsServicer(ports),
        ),
        Service(
            f"{_PACKAGE}.WarehouseService",
            warehouse_service_pb2_grpc.add_WarehouseServiceServicer_to_server,
            WarehouseServicer(ports),
        ),
    ]
