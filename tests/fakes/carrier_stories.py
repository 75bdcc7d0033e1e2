"""What happens to a pickup at the fake carrier, by the ending of our reference (returns.md 3.4)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.returns.domain.carrier_events import AttemptFailure, CarrierEventCode

ENDINGS = ("FAIL1", "NOSHOW", "LOST", "HANG", "SLOTTAKEN", "409", "PENDING", "PENDINGNO")


def endings_of(reference: str) -> frozenset[str]:
    """The known endings of a reference: `RMA-7-FAIL1-LOST` has two."""
    found = []
    for part in reversed(reference.split("-")):
        if part not in ENDINGS:
            break
        found.append(part)
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Step:
    """A scan to come."""

    at: datetime
    code: CarrierEventCode
    reason: str = ""
    place: str = ""


def visit(start: datetime, endings: frozenset[str], *, failed_before: bool) -> list[Step]:
    """One visit, and the journey after it unless nobody opened or nobody came."""
    door = start + timedelta(hours=1)
    out = Step(start, CarrierEventCode.OUT_FOR_PICKUP, place="depot")
    failed = CarrierEventCode.PICKUP_ATTEMPT_FAILED
    if "FAIL1" in endings and not failed_before:
        return [out, Step(door, failed, AttemptFailure.CUSTOMER_ABSENT, "door")]
    if "NOSHOW" in endings and not failed_before:
        return [Step(door, failed, AttemptFailure.COURIER_NO_SHOW, "depot")]
    road = [
        out,
        Step(door, CarrierEventCode.COLLECTED, place="door"),
        Step(door + timedelta(hours=6), CarrierEventCode.IN_TRANSIT, place="hub"),
    ]
    if "LOST" in endings:
        return [*road, Step(door + timedelta(days=3), CarrierEventCode.LOST, place="hub")]
    return [
        *road,
        Step(door + timedelta(hours=22), CarrierEventCode.OUT_FOR_DELIVERY, place="depot"),
        Step(door + timedelta(hours=26), CarrierEventCode.DELIVERED, place="warehouse"),
    ]
