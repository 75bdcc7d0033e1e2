"""Between messages and the application's values."""

from collections.abc import Sequence

from aftercare.refunds.v1 import (
    payment_service_pb2,
    reconciliation_service_pb2,
    refund_service_pb2,
    resources_pb2,
)
from services.chassis.grpc.context import request_context
from services.chassis.kernel.context import RequestContext
from services.chassis.wire import from_datetime, from_money, to_datetime, to_money
from services.refunds.application.ports import Ports
from services.refunds.application.ports.transaction import Run
from services.refunds.application.queries.list_refunds import ListRefunds
from services.refunds.application.use_cases.create_refund import CreateRefund
from services.refunds.application.use_cases.import_payment import ImportPayment
from services.refunds.application.use_cases.import_payments import ImportPayments
from services.refunds.application.use_cases.ingest_psp_webhook import IngestPspWebhook
from services.refunds.application.use_cases.start_run import StartRun
from services.refunds.domain.leg import Leg
from services.refunds.domain.payment import Payment, Provider
from services.refunds.domain.reconciliation import Break, Statement
from services.refunds.domain.refund import Refund

_PROVIDERS = {
    resources_pb2.Payment.PROVIDER_STRIPE: Provider.STRIPE,
    resources_pb2.Payment.PROVIDER_EXTERNAL: Provider.EXTERNAL,
}


def to_import_payment(request: payment_service_pb2.ImportPaymentRequest, ports: Ports) -> ImportPayment:
    """The command of ImportPayment."""
    ctx = request_context(request)
    return ImportPayment(ctx, _to_payment(request.payment, ctx, ports, 0))


def to_import_payments(request: payment_service_pb2.ImportPaymentsRequest, ports: Ports) -> ImportPayments:
    """The command of one chunk of ImportPayments."""
    ctx = request_context(request)
    return ImportPayments([_to_payment(row, ctx, ports, n) for n, row in enumerate(request.payments)])


def _to_payment(row: resources_pb2.Payment, ctx: RequestContext, ports: Ports, ordinal: int) -> Payment:
    return Payment(
        tenant_id=ctx.tenant_id,
        payment_id=row.payment_id,
        order_id=row.order_id,
        provider=_PROVIDERS[row.provider],
        provider_payment_id=row.provider_payment_id,
        captured=to_money(row.captured),
        imported_at=ports.clock.now(),
        ordinal=ordinal,
    )


def to_create_refund(request: refund_service_pb2.CreateRefundRequest) -> CreateRefund:
    """The command of CreateRefund."""
    return CreateRefund(
        request_context(request),
        request.order_id,
        request.return_id,
        to_money(request.amount),
        request.reason,
    )


def to_list_refunds(request: refund_service_pb2.ListRefundsRequest) -> ListRefunds:
    """The query of ListRefunds."""
    return ListRefunds(
        request_context(request), request.order_id, request.return_id, request.page_size, request.page_token
    )


def to_ingest(request: refund_service_pb2.IngestPspWebhookRequest) -> IngestPspWebhook:
    """The command of IngestPspWebhook."""
    return IngestPspWebhook(request_context(request), request.raw_body, request.signature)


def to_start_run(request: reconciliation_service_pb2.StartRunRequest) -> StartRun:
    """The command of StartRun."""
    return StartRun(request_context(request), to_datetime(request.from_time), to_datetime(request.to_time))


def from_payment(payment: Payment) -> resources_pb2.Payment:
    """The message of a payment."""
    return resources_pb2.Payment(
        payment_id=payment.payment_id,
        order_id=payment.order_id,
        provider=resources_pb2.Payment.Provider.Value(f"PROVIDER_{payment.provider}"),
        provider_payment_id=payment.provider_payment_id,
        captured=from_money(payment.captured),
        reserved=from_money(payment.reserved),
        refunded=from_money(payment.refunded),
        version=payment.version,
    )


def from_refund(refund: Refund, legs: Sequence[Leg]) -> resources_pb2.Refund:
    """The message of a refund with its legs."""
    return resources_pb2.Refund(
        refund_id=refund.refund_id,
        order_id=refund.order_id,
        return_id=refund.return_id,
        amount=from_money(refund.amount),
        state=resources_pb2.Refund.State.Value(f"STATE_{refund.state}"),
        legs=[_from_leg(leg) for leg in legs],
        reason=refund.reason,
        create_time=from_datetime(refund.created_at),
        complete_time=from_datetime(refund.completed_at),
        version=refund.version,
    )


def _from_leg(leg: Leg) -> resources_pb2.RefundLeg:
    return resources_pb2.RefundLeg(
        leg_id=leg.leg_id,
        kind=resources_pb2.RefundLeg.Kind.Value(f"KIND_{leg.kind}"),
        payment_id=leg.payment_id,
        amount=from_money(leg.amount),
        state=resources_pb2.RefundLeg.State.Value(f"STATE_{leg.state}"),
        provider_refund_id=leg.provider_refund_id,
        attempt=leg.attempt,
        wire_calls=leg.wire_calls,
        failure_reason=leg.failure_reason,
    )


def from_run(run: Run) -> resources_pb2.ReconciliationRun:
    """The message of a reconciliation run."""
    return resources_pb2.ReconciliationRun(
        run_id=run.run_id,
        from_time=from_datetime(run.from_at),
        to_time=from_datetime(run.to_at),
        statements=[_from_statement(statement) for statement in run.statements],
        create_time=from_datetime(run.created_at),
    )


def _from_statement(statement: Statement) -> resources_pb2.Statement:
    # The message has one list for both; what is in transit is told by its kind and summed in `timing`.
    return resources_pb2.Statement(
        currency=statement.currency,
        ledger_total=from_money(statement.ledger_total),
        psp_total=from_money(statement.psp_total),
        matched=statement.matched,
        timing=from_money(statement.timing),
        breaks=[_from_break(each) for each in (*statement.breaks, *statement.in_transit)],
        unexplained=from_money(statement.unexplained),
        fees=from_money(statement.fees),
    )


def _from_break(found: Break) -> resources_pb2.Break:
    return resources_pb2.Break(
        kind=resources_pb2.Break.Kind.Value(f"KIND_{found.kind}"),
        leg_id=found.leg_id,
        provider_refund_id=found.provider_refund_id,
        difference=from_money(found.difference),
    )
