"""Calling a carrier: how long it may take, and what its refusals mean to our caller."""

from datetime import timedelta
from typing import Final

from services.chassis.kernel.errors import AftercareError
from services.returns.domain import carrier_errors
from services.returns.domain.carriage import CarrierCall
from services.returns.domain.errors import carrier_down, invalid, precondition

_CALL_TAKES: Final = timedelta(seconds=4)
"""At most; three, the most in one go, fit into `booking.CALL_TAKES`, during which no timer meddles."""


def call_of(key: str) -> CarrierCall:
    """What goes with a call."""
    return CarrierCall(deadline=_CALL_TAKES, idempotency_key=key)


def refusal_of(error: carrier_errors.CarrierError, carrier: str) -> AftercareError:
    """Our error for a carrier's."""
    return refusal(reason_of(error), error.message, carrier)


def reason_of(error: carrier_errors.CarrierError) -> str:
    """Our reason for a carrier's error."""
    match error:
        case carrier_errors.SlotTaken():
            return "SLOT_TAKEN"
        case carrier_errors.TooLate():
            return "PICKUP_CUTOFF_PASSED"
        case carrier_errors.NoCoverage() | carrier_errors.NotSupported():
            return "NO_COVERAGE"
        case carrier_errors.InvalidRequest():
            return "CARRIER_REFUSED"
        case _:
            return "CARRIER_DOWN"


def refusal(reason: str, detail: str, carrier: str) -> AftercareError:
    """The error of a reason that `reason_of` gave."""
    if reason == "CARRIER_DOWN":
        return carrier_down(carrier, detail)
    if reason == "CARRIER_REFUSED":
        return invalid(reason, f"the courier {carrier} did not accept this: {detail}", "address")
    return precondition(reason, f"the courier {carrier} says no: {detail}", carrier=carrier)
