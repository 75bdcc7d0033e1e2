"""Orders, and what would come back if some of their items were returned."""

from typing import Any

from pydantic import create_model
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from aftercare.loyalty.v1 import points_service_pb2
from aftercare.returns.v1 import order_service_pb2, returns_service_pb2
from services.chassis.kernel.errors import AftercareError, Kind
from services.gateway.domain.credentials import Scope
from services.gateway.entrypoints.http.bodies import read_body, read_parameters
from services.gateway.entrypoints.http.operations import Operation
from services.gateway.entrypoints.http.schema import IN_HEADERS, answer_model
from services.gateway.entrypoints.http.security import Caller, require
from services.gateway.entrypoints.translate import fill, to_json

_ORDERS = order_service_pb2.DESCRIPTOR.services_by_name["OrderService"].methods_by_name
_RETURNS = returns_service_pb2.DESCRIPTOR.services_by_name["ReturnsService"].methods_by_name
_POINTS = points_service_pb2.DESCRIPTOR.services_by_name["PointsService"].methods_by_name
_ORDER = "/v1/orders/{order_id}"

OPERATIONS = (
    Operation("POST", "/v1/orders", _ORDERS["ImportOrder"], Scope.ORDERS_WRITE,
              "Take over a paid order", "orders", body_field="order"),
    Operation("GET", _ORDER, _ORDERS["GetOrder"], Scope.ORDERS_READ,
              "Read an order", "orders"),
    Operation("POST", f"{_ORDER}:markDelivered", _ORDERS["MarkOrderDelivered"], Scope.ORDERS_WRITE,
              "Note the delivery of an order", "orders"),
    Operation("GET", f"{_ORDER}/returnable-items", _RETURNS["ListReturnableItems"], Scope.RETURNS_READ,
              "What of an order can go back", "orders"),
)  # fmt: skip

_QUOTED: Any = _RETURNS["QuoteReturn"].output_type
_PREVIEW: Any = answer_model(_POINTS["SimulateReturn"].output_type)
QUOTE = Operation(
    "POST", f"{_ORDER}/return-quotes", _RETURNS["QuoteReturn"], Scope.RETURNS_WRITE,
    "What comes back, before the customer commits", "orders",
    answered=create_model(
        "QuotedReturn", __base__=answer_model(_QUOTED), points_preview=(_PREVIEW | None, ...)
    ),
)  # fmt: skip
_BODY, _PARAMETERS = QUOTE.body_model(), QUOTE.parameter_model()


async def quote_return(request: Request) -> Response:
    """The quote of the returns service, and beside it what the return would do to the member's points.

    `points_preview` is null for customers who are no members or whose order earned nothing.
    """
    caller = await require(request, QUOTE.scope, mutation=False)
    asked = read_parameters(_PARAMETERS, request.path_params.items(), request.query_params.multi_items())
    order_id = asked["order_id"]
    message = returns_service_pb2.QuoteReturnRequest(order_id=order_id)
    fill(message, await read_body(request, _BODY))
    upstreams = request.app.state.upstreams
    quote: returns_service_pb2.QuoteReturnResponse = await upstreams.call(
        _RETURNS["QuoteReturn"], message, caller.context
    )
    order = await upstreams.call(
        _ORDERS["GetOrder"], order_service_pb2.GetOrderRequest(order_id=order_id), caller.context
    )
    body = to_json(quote)
    body["points_preview"] = await _points_preview(upstreams, caller, order, quote)
    return JSONResponse(body)


async def _points_preview(
    upstreams: Any,  # noqa: ANN401 - app state
    caller: Caller,
    order: Any,  # noqa: ANN401 - resources.Order
    quote: returns_service_pb2.QuoteReturnResponse,
) -> dict[str, Any] | None:
    if not order.loyalty_account_id:
        return None
    question = points_service_pb2.SimulateReturnRequest(
        account_id=order.loyalty_account_id,
        order_id=order.order_id,
        lines=[
            points_service_pb2.ReturnedLine(
                line_id=line.line_id, quantity=line.quantity, refund_amount=line.totals.goods
            )
            for line in quote.lines
        ],
    )
    try:
        outcome = await upstreams.call(_POINTS["SimulateReturn"], question, caller.context)
    except AftercareError as error:
        if error.kind is Kind.NOT_FOUND:
            return None
        if error.kind is Kind.INVALID_ARGUMENT:  # the question is ours, so its faults are not the caller's
            raise AftercareError(Kind.INTERNAL, error.reason, error.message) from error
        raise
    preview = to_json(outcome)
    for name in IN_HEADERS:  # nothing was asked twice here
        preview.pop(name, None)
    return preview
