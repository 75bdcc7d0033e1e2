"""Every file of the contract that has RPCs."""

from aftercare.loyalty.v1 import account_service_pb2, points_service_pb2, program_service_pb2
from aftercare.refunds.v1 import payment_service_pb2, reconciliation_service_pb2, refund_service_pb2
from aftercare.returns.v1 import (
    order_service_pb2,
    pickup_service_pb2,
    returns_service_pb2,
    warehouse_service_pb2,
)

FILES = (
    account_service_pb2,
    points_service_pb2,
    program_service_pb2,
    order_service_pb2,
    pickup_service_pb2,
    returns_service_pb2,
    warehouse_service_pb2,
    payment_service_pb2,
    reconciliation_service_pb2,
    refund_service_pb2,
)
