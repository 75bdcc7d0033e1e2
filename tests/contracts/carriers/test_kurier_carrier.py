from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from services.chassis.kernel.clock import SystemClock
from services.returns.adapters.couriers.registry import build_carrier
from services.returns.adapters.couriers.settings import CarrierSettings
from tests.contracts.carriers.carrier_contract import CarrierWorld
from tests.contracts.carriers.contract_of_events import ContractOfEvents
from tests.contracts.carriers.contract_of_orders import ContractOfOrders
from tests.integration.standins.courier_process import (
    API_KEY,
    WEBHOOK_SECRET,
    Courier,
    running_courier,
)

if TYPE_CHECKING:
    from services.returns.application.ports.carrier_gateway import CarrierGateway

pytestmark = pytest.mark.integration


class ShiftedClock(SystemClock):
    """Real time, since the stand-in stamps its signatures with real time, plus a shift."""

    shift = timedelta()

    def now(self) -> datetime:
        return super().now() + self.shift


class KurierWorld:
    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._clock = ShiftedClock()
        settings = CarrierSettings(
            base_url=courier.url, api_key=API_KEY, webhook_secrets=("retired", WEBHOOK_SECRET)
        )
        self.gateway: CarrierGateway = build_carrier("kurier", settings, self._clock)

    def now(self) -> datetime:
        return datetime.fromisoformat(self._courier.state()["now"]).astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        told = self._courier.control("advance", secs=int(by.total_seconds()), wait=True)
        assert told["settled"], told

    def pushes(self) -> list[tuple[Mapping[str, str], bytes]]:
        return list(self._courier.sink.take())

    def disorder(self, *, duplicate: int, shuffle: int | None) -> None:
        self._courier.control("deliver", duplicate=duplicate, shuffle=shuffle)

    def shift_receiver(self, by: timedelta) -> None:
        self._clock.shift += by


@pytest.fixture(scope="module")
def courier() -> Iterator[Courier]:
    with running_courier() as courier:
        yield courier


@pytest.fixture
def world(courier: Courier) -> Iterator[CarrierWorld]:
    courier.reset()
    world = KurierWorld(courier)
    yield world
    world.gateway.close()  # type: ignore[attr-defined] # the port has no close; the adapter does


class TestKurierOrders(ContractOfOrders):
    pass


class TestKurierEvents(ContractOfEvents):
    pass
