"""Our events as the messages of refunds_events.proto."""

from collections.abc import Callable
from typing import Any

from google.protobuf.message import Message

from aftercare.refunds.v1 import refunds_events_pb2 as messages
from services.chassis.kernel.events import DomainEvent
from services.chassis.wire import from_datetime, from_money
from services.refunds.domain import events


def payload_of(event: DomainEvent) -> Message:
    """The payload of an event. Raises KeyError for data that has no message."""
    return _MAPPINGS[type(event.data)](event.data)


def _payment_imported(data: events.PaymentImported) -> Message:
    return messages.PaymentImported(
        payment_id=data.payment_id, order_id=data.order_id, captured=from_money(data.captured)
    )


def _refund_requested(data: events.RefundRequested) -> Message:
    return messages.RefundRequested(
        refund_id=data.refund_id,
        order_id=data.order_id,
        return_id=data.return_id,
        amount=from_money(data.amount),
    )


def _leg_settled(data: events.RefundLegSettled) -> Message:
    return messages.RefundLegSettled(
        refund_id=data.refund_id,
        leg_id=data.leg_id,
        provider_refund_id=data.provider_refund_id,
        amount=from_money(data.amount),
        failure_reason=data.failure_reason,
    )


def _completed(data: events.RefundCompleted) -> Message:
    return messages.RefundCompleted(
        refund_id=data.refund_id,
        order_id=data.order_id,
        return_id=data.return_id,
        request_key=data.request_key,
        amount=from_money(data.amount),
        complete_time=from_datetime(data.completed_at),
    )


def _external(data: events.ExternalRefundDetected) -> Message:
    return messages.RefundExternalDetected(
        provider_refund_id=data.provider_refund_id,
        provider_payment_id=data.provider_payment_id,
        amount=from_money(data.amount),
    )


_MAPPINGS: dict[type, Callable[[Any], Message]] = {
    events.PaymentImported: _payment_imported,
    events.RefundRequested: _refund_requested,
    events.RefundLegSettled: _leg_settled,
    events.RefundCompleted: _completed,
    events.ExternalRefundDetected: _external,
}
