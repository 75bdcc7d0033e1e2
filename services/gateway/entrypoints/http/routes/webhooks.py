"""Webhooks from outside, passed on byte for byte: the service that owns the secret verifies them."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aftercare.refunds.v1 import refund_service_pb2
from aftercare.returns.v1 import pickup_service_pb2
from services.chassis.logging import new_request_id
from services.gateway.domain.errors import bad_request, unauthenticated
from services.gateway.entrypoints.http.bodies import bad_parameter, read_bytes
from services.gateway.entrypoints.http.security import system_context
from services.gateway.entrypoints.translate import to_json

STRIPE_PATH = "/v1/webhooks/{tenant_id}/stripe"
CARRIER_PATH = "/v1/webhooks/{tenant_id}/carriers/{carrier}"
STRIPE = refund_service_pb2.DESCRIPTOR.services_by_name["RefundService"].methods_by_name["IngestPspWebhook"]
CARRIER = pickup_service_pb2.DESCRIPTOR.services_by_name["CarrierEventsService"].methods_by_name[
    "IngestCarrierEvents"
]
# The protos' own bounds; what is over them cannot be passed on whole, so it is not passed on at all.
MAX_WEBHOOK = 1_000_000
_MAX_HEADERS = 100
_MAX_NAME = 128
_MAX_VALUE = 4096


async def stripe_webhook(request: Request) -> Response:
    """Stripe's events. The raw body and its signature go to refunds, which stores before it answers."""
    signature = request.headers.get("stripe-signature", "")
    if not signature:
        raise unauthenticated("BAD_WEBHOOK_SIGNATURE", "the Stripe-Signature header is missing")
    if len(signature) > _MAX_VALUE:
        raise bad_parameter("Stripe-Signature", f"at most {_MAX_VALUE} characters")
    message = refund_service_pb2.IngestPspWebhookRequest(raw_body=await _body(request), signature=signature)
    context = system_context(request.path_params["tenant_id"], "webhook.stripe", _intent())
    return JSONResponse(to_json(await request.app.state.upstreams.call(STRIPE, message, context)))


async def carrier_webhook(request: Request) -> Response:
    """A carrier's scans. Headers and raw body go to returns, whose adapter knows that carrier's signature."""
    headers = request.headers.items()
    if len(headers) > _MAX_HEADERS or any(
        len(name) > _MAX_NAME or len(value) > _MAX_VALUE for name, value in headers
    ):
        raise bad_request("INVALID_REQUEST", "there are too many headers, or one is too long")
    message = pickup_service_pb2.IngestCarrierEventsRequest(
        carrier=request.path_params["carrier"],
        headers=[pickup_service_pb2.Header(name=name, value=value) for name, value in headers],
        body=await _body(request),
    )
    context = system_context(request.path_params["tenant_id"], "webhook.carrier", _intent())
    return JSONResponse(to_json(await request.app.state.upstreams.call(CARRIER, message, context)))


def _intent() -> str:
    # Fresh each time: a provider signs each attempt anew, so a repeated one is no equal body. The services
    # know a repeated event by its own id. The caller's Request-Id would let a stranger occupy a key.
    return f"webhook:{new_request_id()}"


async def _body(request: Request) -> bytes:
    body = await read_bytes(request, MAX_WEBHOOK)
    if not body:
        raise bad_request("INVALID_REQUEST", "the body is empty")
    return body
