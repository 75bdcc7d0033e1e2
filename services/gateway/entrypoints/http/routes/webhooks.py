"""Webhooks from outside, passed on byte for byte: the service that owns the secret verifies them."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aftercare.refunds.v1 import refund_service_pb2
from aftercare.returns.v1 import pickup_service_pb2
from services.chassis.logging import request_id
from services.gateway.adapters.upstreams.translate import to_json
from services.gateway.domain.errors import bad_request, unauthenticated
from services.gateway.entrypoints.http.operations import read_bytes
from services.gateway.entrypoints.http.security import system_context

_STRIPE = refund_service_pb2.DESCRIPTOR.services_by_name["RefundService"].methods_by_name["IngestPspWebhook"]
_CARRIER = pickup_service_pb2.DESCRIPTOR.services_by_name["CarrierEventsService"].methods_by_name[
    "IngestCarrierEvents"
]
_MAX_HEADERS = 100
_MAX_VALUE = 4096


async def stripe_webhook(request: Request) -> Response:
    """Stripe's events. The raw body and its signature go to refunds, which stores before it answers."""
    signature = request.headers.get("stripe-signature", "")
    if not signature:
        raise unauthenticated("BAD_WEBHOOK_SIGNATURE", "the Stripe-Signature header is missing")
    message = refund_service_pb2.IngestPspWebhookRequest(
        raw_body=await _body(request), signature=signature[:_MAX_VALUE]
    )
    context = system_context(request.path_params["tenant_id"], "webhook.stripe", request_id())
    return JSONResponse(to_json(await request.app.state.upstreams.call(_STRIPE, message, context)))


async def carrier_webhook(request: Request) -> Response:
    """A carrier's scans. Headers and raw body go to returns, whose adapter knows that carrier's signature."""
    message = pickup_service_pb2.IngestCarrierEventsRequest(
        carrier=request.path_params["carrier"][:64],
        headers=[
            pickup_service_pb2.Header(name=name[:128], value=value[:_MAX_VALUE])
            for name, value in list(request.headers.items())[:_MAX_HEADERS]
        ],
        body=await _body(request),
    )
    context = system_context(request.path_params["tenant_id"], "webhook.carrier", request_id())
    return JSONResponse(to_json(await request.app.state.upstreams.call(_CARRIER, message, context)))


async def _body(request: Request) -> bytes:
    body = await read_bytes(request)
    if not body:
        raise bad_request("INVALID_REQUEST", "the body is empty")
    return body
