"""From requests to commands."""

from collections.abc import Iterable

from aftercare.loyalty.v1 import points_service_pb2, resources_pb2
from services.chassis.wire import to_datetime, to_datetime_or_none
from services.loyalty.domain import errors
from services.loyalty.domain.basket_points import EarnRule, Rounding
from services.loyalty.domain.orders import Basket, BasketLine, Returned, ReturnedLine
from services.loyalty.domain.program import ClawbackPolicy, Program

_ROUNDINGS = {resources_pb2.Program.Rounding.Value(f"ROUNDING_{each}"): each for each in Rounding}
_POLICIES = {
    resources_pb2.Program.ClawbackPolicy.Value(f"CLAWBACK_POLICY_{each}"): each for each in ClawbackPolicy
}
ROUNDING_NUMBERS = {each: number for number, each in _ROUNDINGS.items()}
POLICY_NUMBERS = {each: number for number, each in _POLICIES.items()}


def to_basket(message: resources_pb2.Basket) -> Basket:
    """A basket. Raises INVALID_CURRENCY when its lines differ in currency."""
    lines = []
    currency = message.lines[0].net.currency
    for line in message.lines:
        net = line.net
        if net.currency != currency:
            raise errors.invalid_currency(currency, net.currency)
        lines.append(BasketLine(line.line_id, line.quantity, net.minor, line.tender_points))
    return Basket(
        message.order_id,
        currency,
        tuple(lines),
        to_datetime(message.place_time),
        to_datetime_or_none(message.deliver_time),
    )


def to_returned(return_id: str, lines: Iterable[points_service_pb2.ReturnedLine]) -> Returned:
    """What came back. Raises INVALID_CURRENCY when its lines differ in currency."""
    returned, currency = [], ""
    for line in lines:
        amount = line.refund_amount
        currency = currency or amount.currency
        if amount.currency != currency:
            raise errors.invalid_currency(currency, amount.currency)
        returned.append(ReturnedLine(line.line_id, line.quantity, amount.minor))
    return Returned(return_id, currency, tuple(returned))


def to_program(tenant_id: str, message: resources_pb2.Program) -> Program:
    """A programme to create; what is not stated takes the documented default."""
    return Program(
        tenant_id=tenant_id,
        program_id=message.program_id,
        display_name=message.display_name,
        timezone=message.timezone,
        currency=message.currency,
        earn=EarnRule(
            message.earn_rate.num,
            message.earn_rate.den,
            _ROUNDINGS.get(message.rounding, Rounding.FLOOR),
        ),
        clawback_policy=_POLICIES.get(message.clawback_policy, ClawbackPolicy.ALLOW_NEGATIVE),
        return_window_days=message.return_window_days,
        expiry_months=message.expiry_months,
        points_per_major_unit=message.points_per_major_unit,
        restore_grace_days=message.restore_grace_days,
    )
