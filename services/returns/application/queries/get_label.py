"""The parcel's label."""

from services.chassis.kernel.context import RequestContext
from services.returns.application.carrier_calls import call_of, refusal_of
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.domain.carriage import CarrierLabel, LabelFormat
from services.returns.domain.carrier_errors import CarrierError
from services.returns.domain.errors import precondition


async def get_label(
    ports: Ports, ctx: RequestContext, return_id: str, label_format: LabelFormat
) -> CarrierLabel:
    """The label as the carrier prints it. Raises RETURN_NOT_FOUND, LABEL_NOT_READY, CARRIER_DOWN."""
    case = await ports.uow.read(lambda tx: load_case(tx, ctx, return_id))
    pickup = next((pickup for pickup in reversed(case.pickups) if pickup.carrier_shipment_id), None)
    if pickup is None:
        raise precondition("LABEL_NOT_READY", "there is no label before the courier is booked")
    gateway = ports.carriers[pickup.carrier]
    try:
        labels = await ports.offload(
            gateway.get_label, pickup.carrier_shipment_id, label_format, call=call_of(case.return_id)
        )
    except CarrierError as error:
        raise refusal_of(error, pickup.carrier) from error
    if not labels:
        raise precondition("LABEL_NOT_READY", "the courier has not printed the label yet")
    return labels[0]
