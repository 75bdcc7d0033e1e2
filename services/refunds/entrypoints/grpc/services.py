"""What the gRPC server is given."""

from aftercare.refunds.v1 import (
    payment_service_pb2_grpc,
    reconciliation_service_pb2_grpc,
    refund_service_pb2_grpc,
)
from services.chassis.grpc.server import Service
from services.refunds.application.ports import Ports
from services.refunds.entrypoints.grpc.servicer import PaymentServicer, ReconciliationServicer, RefundServicer

_PACKAGE = "aftercare.refunds.v1"


def grpc_services(ports: Ports) -> list[Service]:
    """The three proto services."""
    return [
        Service(
            f"{_PACKAGE}.PaymentService",
            payment_service_pb2_grpc.add_PaymentServiceServicer_to_server,
            PaymentServicer(ports),
        ),
        Service(
            f"{_PACKAGE}.RefundService",
            refund_service_pb2_grpc.add_RefundServiceServicer_to_server,
            RefundServicer(ports),
        ),
        Service(
            f"{_PACKAGE}.ReconciliationService",
            reconciliation_service_pb2_grpc.add_ReconciliationServiceServicer_to_server,
            ReconciliationServicer(ports),
        ),
    ]
