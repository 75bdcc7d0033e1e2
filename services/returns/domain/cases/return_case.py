"""The aggregate: one return of one order."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from services.chassis.kernel.money import Money
from services.returns.domain.carriage import Address
from services.returns.domain.cases.settlement import Settlement
from services.returns.domain.cases.shipment import Shipment
from services.returns.domain.cases.states import (
    CaseState,
    Decision,
    Disposition,
    PickupState,
    Reception,
    SettlementState,
)
from services.returns.domain.orders.tender_split import Share
from services.returns.domain.quoting.reasons import Reason
from services.returns.domain.quoting.totals import Totals


@dataclass(frozen=True, slots=True)
class ReturnUnit:
    """One unit of an order's line; `settled_in` is the settlement that paid for it, 0 = none yet."""

    unit_index: int
    paid: Money
    tax: Money
    reception: Reception = Reception.EXPECTED
    decision: Decision = Decision.PENDING
    reduction_bps: int = 0
    disposition: Disposition = Disposition.UNSPECIFIED
    grade: str = ""
    settled_in: int = 0

    @property
    def is_judged(self) -> bool:
        """Whether the warehouse has decided."""
        return self.decision is not Decision.PENDING


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """Units of one order line that come back for one reason."""

    line_id: str
    reason: Reason
    units: tuple[ReturnUnit, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """When the courier comes, with the IANA zone of the place."""

    start: datetime
    end: datetime
    tz: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickup:
    """One visit of the courier. `reference` is ours and finds it at the carrier after a lost answer.

    `due_at` is when a timer must look after it, if nobody did before; a caller that speaks to the carrier
    pushes it ahead first, so that two never do at once.
    """

    pickup_id: str
    carrier: str
    reference: str
    state: PickupState
    attempt: int
    slot_id: str
    address: Address
    carrier_shipment_id: str = ""
    carrier_pickup_id: str = ""
    confirmation: str = ""
    window: Window | None = None
    failure: str = ""
    """The error reason of a failed booking, or the cause of a vain attempt."""
    due_at: datetime | None = None
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A customer's or agent's wish to call the return off, and when it came true."""

    asked_at: datetime
    asked_by: str
    reason: str
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnCase:
    """A return. `held` is its part of the order's tenders that no settlement has used yet."""

    return_id: str
    tenant_id: str
    rma_number: str
    order_id: str
    customer_id: str
    loyalty_account_id: str
    currency: str
    state: CaseState
    settlement_state: SettlementState
    lines: tuple[ReturnLine, ...]
    quoted: Totals
    held: Share
    refund_due_at: datetime
    created_at: datetime
    pickups: tuple[Pickup, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    cancellation: Cancellation | None = None
    version: int = 0
    sequence: int = 0

    def units(self) -> Iterator[ReturnUnit]:
        """All units."""
        for line in self.lines:
            yield from line.units

    def unit_indexes(self) -> dict[str, tuple[int, ...]]:
        """Unit indexes by order line."""
        found: dict[str, tuple[int, ...]] = {}
        for line in self.lines:
            mine = tuple(unit.unit_index for unit in line.units)
            found[line.line_id] = (*found.get(line.line_id, ()), *mine)
        return found

    def with_units(self, change: Callable[[ReturnLine, ReturnUnit], ReturnUnit]) -> "ReturnCase":
        """The case with each unit as `change` makes it."""
        lines = tuple(
            replace(line, units=tuple(change(line, unit) for unit in line.units)) for line in self.lines
        )
        return replace(self, lines=lines)

    @property
    def is_outstanding(self) -> bool:
        """Whether units are still awaited."""
        return any(unit.reception is Reception.EXPECTED for unit in self.units())

    @property
    def is_being_cancelled(self) -> bool:
        """Whether the wish to cancel is on its way and the courier has nothing yet."""
        waits = self.cancellation is not None and self.cancellation.confirmed_at is None
        return waits and self.state is CaseState.APPROVED

    @property
    def settled(self) -> Totals | None:
        """What was settled in all; None before the first settlement."""
        whole: Totals | None = None
        for settlement in self.settlements:
            whole = settlement.totals if whole is None else whole + settlement.totals
        return whole

    def pickup(self, pickup_id: str) -> Pickup:
        """The pickup of that id. Raises LookupError."""
        for pickup in self.pickups:
            if pickup.pickup_id == pickup_id:
                return pickup
        raise LookupError(pickup_id)

    def with_pickup(self, changed: Pickup) -> "ReturnCase":
        """The case with one pickup in its new form."""
        pickups = tuple(changed if old.pickup_id == changed.pickup_id else old for old in self.pickups)
        return replace(self, pickups=pickups)

    def with_shipment(self, changed: Shipment) -> "ReturnCase":
        """The case with one shipment in its new form, or one more."""
        rest = [old for old in self.shipments if old.shipment_id != changed.shipment_id]
        if len(rest) == len(self.shipments):
            return replace(self, shipments=(*self.shipments, changed))
        same = tuple(changed if old.shipment_id == changed.shipment_id else old for old in self.shipments)
        return replace(self, shipments=same)
