"""The three proto services: translate, call, translate back."""

from collections.abc import AsyncIterator
from typing import Any

from aftercare.refunds.v1 import (
    payment_service_pb2,
    payment_service_pb2_grpc,
    reconciliation_service_pb2,
    reconciliation_service_pb2_grpc,
    refund_service_pb2,
    refund_service_pb2_grpc,
    resources_pb2,
)
from services.chassis.grpc.context import request_context
from services.refunds.application.ports import Ports
from services.refunds.application.queries.get_refund import get_refund
from services.refunds.application.queries.get_run import get_run
from services.refunds.application.queries.list_payments import list_payments
from services.refunds.application.queries.list_refunds import list_refunds
from services.refunds.application.use_cases.create_refund import create_refund
from services.refunds.application.use_cases.import_payment import import_payment
from services.refunds.application.use_cases.import_payments import import_payments
from services.refunds.application.use_cases.ingest_psp_webhook import ingest_psp_webhook
from services.refunds.application.use_cases.start_run import start_run
from services.refunds.entrypoints.grpc import mapping

Context = Any  # grpc.aio.ServicerContext


class PaymentServicer(payment_service_pb2_grpc.PaymentServiceServicer):
    """Captured payments."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def ImportPayment(  # noqa: N802 - gRPC's name
        self, request: payment_service_pb2.ImportPaymentRequest, _context: Context
    ) -> resources_pb2.Payment:
        """See the proto."""
        command = mapping.to_import_payment(request, self._ports)
        return mapping.from_payment(await import_payment(self._ports, command))

    async def ImportPayments(  # noqa: N802 - gRPC's name
        self, requests: AsyncIterator[payment_service_pb2.ImportPaymentsRequest], _context: Context
    ) -> payment_service_pb2.ImportPaymentsResponse:
        """See the proto."""
        total = payment_service_pb2.ImportPaymentsResponse()
        async for request in requests:
            done = await import_payments(self._ports, mapping.to_import_payments(request, self._ports))
            total.rows += done.rows
            total.imported += done.imported
            total.duplicates += done.duplicates
            total.error_count += done.errors
        return total

    async def ListPayments(  # noqa: N802 - gRPC's name
        self, request: payment_service_pb2.ListPaymentsRequest, _context: Context
    ) -> payment_service_pb2.ListPaymentsResponse:
        """See the proto."""
        found = await list_payments(self._ports, request_context(request), request.order_id)
        return payment_service_pb2.ListPaymentsResponse(payments=map(mapping.from_payment, found))


class RefundServicer(refund_service_pb2_grpc.RefundServiceServicer):
    """Money back to customers."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def CreateRefund(  # noqa: N802 - gRPC's name
        self, request: refund_service_pb2.CreateRefundRequest, _context: Context
    ) -> resources_pb2.Refund:
        """See the proto."""
        created = await create_refund(self._ports, mapping.to_create_refund(request))
        return mapping.from_refund(created.refund, created.legs)

    async def GetRefund(  # noqa: N802 - gRPC's name
        self, request: refund_service_pb2.GetRefundRequest, _context: Context
    ) -> resources_pb2.Refund:
        """See the proto."""
        found = await get_refund(self._ports, request_context(request), request.refund_id)
        return mapping.from_refund(*found)

    async def ListRefunds(  # noqa: N802 - gRPC's name
        self, request: refund_service_pb2.ListRefundsRequest, _context: Context
    ) -> refund_service_pb2.ListRefundsResponse:
        """See the proto."""
        page = await list_refunds(self._ports, mapping.to_list_refunds(request))
        return refund_service_pb2.ListRefundsResponse(
            refunds=[mapping.from_refund(*found) for found in page.items],
            next_page_token=page.next_page_token,
        )

    async def IngestPspWebhook(  # noqa: N802 - gRPC's name
        self, request: refund_service_pb2.IngestPspWebhookRequest, _context: Context
    ) -> refund_service_pb2.IngestPspWebhookResponse:
        """See the proto."""
        done = await ingest_psp_webhook(self._ports, mapping.to_ingest(request))
        return refund_service_pb2.IngestPspWebhookResponse(event_id=done.event_id, duplicate=done.duplicate)


class ReconciliationServicer(reconciliation_service_pb2_grpc.ReconciliationServiceServicer):
    """Proof that our books and the provider's agree."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def StartRun(  # noqa: N802 - gRPC's name
        self, request: reconciliation_service_pb2.StartRunRequest, _context: Context
    ) -> resources_pb2.ReconciliationRun:
        """See the proto."""
        return mapping.from_run(await start_run(self._ports, mapping.to_start_run(request)))

    async def GetRun(  # noqa: N802 - gRPC's name
        self, request: reconciliation_service_pb2.GetRunRequest, _context: Context
    ) -> resources_pb2.ReconciliationRun:
        """See the proto."""
        return mapping.from_run(await get_run(self._ports, request_context(request), request.run_id))
