"""What the gRPC server is given."""

from aftercare.loyalty.v1 import (
    account_service_pb2_grpc,
    points_service_pb2_grpc,
    program_service_pb2_grpc,
)
from services.chassis.grpc.server import Service
from services.loyalty.application.ports import Ports
from services.loyalty.entrypoints.grpc.account_servicer import AccountServicer
from services.loyalty.entrypoints.grpc.points_servicer import PointsServicer
from services.loyalty.entrypoints.grpc.program_servicer import ProgramServicer

_PACKAGE = "aftercare.loyalty.v1"


def grpc_services(ports: Ports) -> list[Service]:
    """The three proto services."""
    return [
        Service(
            f"{_PACKAGE}.LoyaltyAccountService",
            account_service_pb2_grpc.add_LoyaltyAccountServiceServicer_to_server,
            AccountServicer(ports),
        ),
        Service(
            f"{_PACKAGE}.PointsService",
            points_service_pb2_grpc.add_PointsServiceServicer_to_server,
            PointsServicer(ports),
        ),
        Service(
            f"{_PACKAGE}.ProgramService",
            program_service_pb2_grpc.add_ProgramServiceServicer_to_server,
            ProgramServicer(ports),
        ),
    ]
