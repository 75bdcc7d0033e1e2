"""What application code needs from outside, in one hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.chassis.kernel.clock import Clock
from services.chassis.kernel.coroutines import Offload
from services.chassis.kernel.ids import Ids
from services.chassis.kernel.unit_of_work import UnitOfWork
from services.returns.application.ports.carrier_gateway import CarrierGateway
from services.returns.application.ports.order_history import OrderHistory
from services.returns.application.ports.rma_numbers import RmaNumbers
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.carriage import Address, Parcel
from services.returns.domain.quoting.policy import Policy


@dataclass(frozen=True, slots=True)
class Depot:
    """Where parcels go, and how big one is when nobody measured it."""

    address: Address
    parcel: Parcel


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """`carrier` is the courier that is offered; `quote_secrets` sign with the first, verify with any."""

    uow: UnitOfWork[ReturnsTransaction]
    clock: Clock
    ids: Ids
    offload: Offload
    history: OrderHistory
    rma_numbers: RmaNumbers
    carriers: Mapping[str, CarrierGateway]
    carrier: str
    depot: Depot
    policy: Policy
    quote_secrets: tuple[bytes, ...] = field(repr=False)
