"""Which carriers there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from services.returns.adapters.couriers.kurier.gateway import KurierGateway

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from services.chassis.kernel.clock import Clock
    from services.returns.adapters.couriers.settings import CarrierSettings
    from services.returns.application.ports.carrier_gateway import CarrierGateway

    CarrierFactory = Callable[[CarrierSettings, Clock], CarrierGateway]

CARRIERS: Final[Mapping[str, CarrierFactory]] = {"kurier": KurierGateway}


def build_carrier(name: str, settings: CarrierSettings, clock: Clock) -> CarrierGateway:
    """The gateway of a carrier by its configured name. Raises `ValueError` naming the known ones."""
    if name not in CARRIERS:
        raise ValueError(f"unknown carrier {name!r}; known are: {', '.join(sorted(CARRIERS))}")
    return CARRIERS[name](settings, clock)
