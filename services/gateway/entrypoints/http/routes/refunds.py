"""Refunds and the proof that they add up."""

from aftercare.refunds.v1 import payment_service_pb2, reconciliation_service_pb2, refund_service_pb2
from services.gateway.domain.credentials import Scope
from services.gateway.entrypoints.http.operations import Operation

_REFUNDS = refund_service_pb2.DESCRIPTOR.services_by_name["RefundService"].methods_by_name
_PAYMENTS = payment_service_pb2.DESCRIPTOR.services_by_name["PaymentService"].methods_by_name
_RECON = reconciliation_service_pb2.DESCRIPTOR.services_by_name["ReconciliationService"].methods_by_name

OPERATIONS = (
    Operation("POST", "/v1/payments", _PAYMENTS["ImportPayment"], Scope.ORDERS_WRITE,
              "Take over a captured payment", "refunds", body_field="payment"),
    Operation("GET", "/v1/orders/{order_id}/payments", _PAYMENTS["ListPayments"], Scope.REFUNDS_READ,
              "List the payments of an order", "refunds"),
    Operation("POST", "/v1/refunds", _REFUNDS["CreateRefund"], Scope.REFUNDS_CREATE,
              "Owe and send money", "refunds"),
    Operation("GET", "/v1/refunds", _REFUNDS["ListRefunds"], Scope.REFUNDS_READ,
              "List refunds, newest first", "refunds",
              query=("order_id", "return_id", "page_size", "page_token")),
    Operation("GET", "/v1/refunds/{refund_id}", _REFUNDS["GetRefund"], Scope.REFUNDS_READ,
              "Read a refund", "refunds"),
    Operation("POST", "/v1/reconciliation-runs", _RECON["StartRun"], Scope.RECON_RUN,
              "Compare our books with the provider's", "reconciliation"),
    Operation("GET", "/v1/reconciliation-runs/{run_id}", _RECON["GetRun"], Scope.RECON_READ,
              "Read a reconciliation run", "reconciliation"),
)  # fmt: skip
