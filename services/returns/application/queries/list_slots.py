"""When the courier can come."""

from collections.abc import Sequence

from services.chassis.kernel.context import RequestContext
from services.returns.application.carrier_calls import call_of, refusal_of
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.domain.carriage import Address, Slot
from services.returns.domain.carrier_errors import CarrierError

DEFAULT_DAYS = 5


async def list_slots(
    ports: Ports, ctx: RequestContext, return_id: str, address: Address, days: int
) -> tuple[str, Sequence[Slot]]:
    """The courier's name and its slots, soonest first. Raises RETURN_NOT_FOUND, NO_COVERAGE, CARRIER_DOWN."""
    await ports.uow.read(lambda tx: load_case(tx, ctx, return_id))
    gateway = ports.carriers[ports.carrier]
    try:
        slots = await ports.offload(
            gateway.quote_slots,
            address,
            [ports.depot.parcel],
            from_date=ports.clock.now().date(),
            days=days or DEFAULT_DAYS,
            call=call_of(return_id),
        )
    except CarrierError as error:
        raise refusal_of(error, ports.carrier) from error
    return ports.carrier, slots
