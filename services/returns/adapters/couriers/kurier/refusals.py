"""Kurier's refusals as our errors."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from services.returns.adapters.couriers.kurier.answers import FaultBody, Refusal
from services.returns.domain import carrier_errors as errors

if TYPE_CHECKING:
    from services.returns.adapters.couriers.kurier.reply import Reply

_DEFAULT_WAIT: Final = timedelta(seconds=30)
_LONGEST_WAIT: Final = timedelta(hours=1)

_NUMBERS: Final[dict[str, type[errors.CarrierError]]] = {
    "E-4091": errors.SlotTaken,
    "E-4092": errors.TooLate,
    "E-4093": errors.TooLate,  # the driver has it
    "E-4095": errors.TooLate,  # voided
    "E-4225": errors.NoCoverage,
    "E-4226": errors.NotSupported,
}
_OUR_FIELDS: Final = {
    "yourRef": "reference",
    "consignmentNo": "carrier_shipment_id",
    "termId": "slot_id",
    "notes": "instructions",
    "shipper": "sender",
    "consignee": "recipient",
    "line1": "street",
    "zip": "postal_code",
    "fromZip": "origin_postal_code",
    "town": "city",
    "mail": "email",
    "firm": "company",
    "pieces": "parcels",
    "kg": "weight_grams",
    "length": "length_mm",
    "width": "width_mm",
    "height": "height_mm",
    "product": "method",
    "dayFrom": "from_date",
    "dayTo": "days",
}


def our_field(path: str) -> str:
    """`pieces.0.cm.length` -> `parcels.0.length_mm`."""
    return ".".join(_OUR_FIELDS.get(part, part) for part in path.split(".") if part != "cm")


def error_of(reply: Reply, *, changes: bool) -> errors.CarrierError:
    """The error of an answer that is not a success. `changes`: the call could have had an effect."""
    fault = _fault(reply)
    if reply.status in {401, 403}:
        return errors.AuthFailed("Kurier refused our API key", native_code=fault.no)
    if reply.status == 429:
        wait = _wait(reply.retry_after)
        return errors.RateLimited("Kurier: too many calls", retry_after=wait, native_code=fault.no)
    if reply.status >= 500 or reply.status < 400:
        return _unsure(reply, fault, changes=changes)
    if known := _NUMBERS.get(fault.no):
        return known(f"Kurier: {fault.text}", native_code=fault.no)
    kind = errors.NotFound if reply.status == 404 else errors.InvalidRequest
    return kind(f"Kurier: {fault.text}", field=_field(fault), code=fault.no)


def _unsure(reply: Reply, fault: FaultBody, *, changes: bool) -> errors.CarrierError:
    """Kurier's own 503 says that nothing was done; any other failure says nothing about it."""
    text = f"Kurier answered {reply.status}: {fault.text}"
    if changes and not (reply.status == 503 and fault.no == "E-5030"):
        return errors.OutcomeUnknown(text, native_code=fault.no)
    return errors.Transient(text, native_code=fault.no)


def _field(fault: FaultBody) -> str:
    if fault.no == "E-4094":
        return "reference"
    return our_field(fault.fields[0].path) if fault.fields else ""


def _fault(reply: Reply) -> FaultBody:
    """The fault in the body, or an empty one: proxies on the way answer in their own words."""
    try:
        return Refusal.model_validate_json(reply.body).fault
    except ValidationError:
        return FaultBody(no="", text="an answer that is not Kurier's")


def _wait(retry_after: str) -> timedelta:
    if not re.fullmatch(r"\d{1,6}", retry_after):
        return _DEFAULT_WAIT
    return min(timedelta(seconds=int(retry_after)), _LONGEST_WAIT)
