from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from services.chassis.kernel.clock import FixedClock
from tests.contracts.carriers.carrier_contract import CarrierWorld
from tests.contracts.carriers.contract_of_events import ContractOfEvents
from tests.contracts.carriers.contract_of_orders import ContractOfOrders
from tests.fakes.carrier_gateway import FakeCarrier

if TYPE_CHECKING:
    from services.returns.application.ports.carrier_gateway import CarrierGateway


class FakeWorld:
    def __init__(self) -> None:
        start = datetime(2026, 11, 16, 9, tzinfo=UTC)
        self._fake = FakeCarrier(FixedClock(start), FixedClock(start))
        self.gateway: CarrierGateway = self._fake

    def now(self) -> datetime:
        return self._fake.clock.now()

    def advance(self, by: timedelta) -> None:
        self._fake.advance(by)

    def pushes(self) -> list[tuple[Mapping[str, str], bytes]]:
        return list(self._fake.pushes())

    def disorder(self, *, duplicate: int, shuffle: int | None) -> None:
        self._fake.duplicate, self._fake.shuffle = duplicate, shuffle

    def shift_receiver(self, by: timedelta) -> None:
        self._fake.receiver_clock.instant += by


@pytest.fixture
def world() -> CarrierWorld:
    return FakeWorld()


class TestFakeCarrierOrders(ContractOfOrders):
    pass


class TestFakeCarrierEvents(ContractOfEvents):
    pass
