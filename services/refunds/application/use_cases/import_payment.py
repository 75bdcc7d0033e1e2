"""Take over one captured payment."""

from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.refunds.application.ports import Ports
from services.refunds.application.use_cases.import_payments import take_over_all
from services.refunds.domain import errors
from services.refunds.domain.payment import Payment


@dataclass(frozen=True, slots=True)
class ImportPayment:
    """A payment to take over; its `payment_id` may be empty."""

    ctx: RequestContext
    payment: Payment


async def import_payment(ports: Ports, command: ImportPayment) -> Payment:
    """The payment as it is known now. The same charge again, with the same figures, changes nothing.

    Raises NOT_CAPTURED, CURRENCY_MISMATCH, DUPLICATE_PAYMENT. The charge itself is the key, so a repetition
    is harmless for ever, whatever idempotency key it comes with.
    """
    if not command.ctx.idempotency_key:
        raise errors.key_required()
    return (await take_over_all(ports, [command.payment]))[0]
