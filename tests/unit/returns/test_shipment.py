import itertools

from services.returns.domain.carrier_events import CarrierEventCode as Code
from services.returns.domain.cases.shipment import Shipment, project
from services.returns.domain.cases.states import ShipmentState
from tests.builders.returns_cases import NOW, scan

PARCEL = Shipment(shipment_id="shp_1", carrier="kurier", tracking_number="T1", rank=1)
WAY = [
    scan(Code.COLLECTED, minutes=1),
    scan(Code.IN_TRANSIT, minutes=2),
    scan(Code.OUT_FOR_DELIVERY, minutes=3),
    scan(Code.DELIVERED, minutes=4),
]


def test_every_order_of_scans_ends_at_the_highest_rung() -> None:
    for order in itertools.permutations(WAY):
        shipment, ranks = PARCEL, []
        for event in order:
            shipment, _ = project(shipment, event)
            ranks.append(shipment.rank)
        assert shipment.state is ShipmentState.DELIVERED
        assert ranks == sorted(ranks)


def test_lower_rungs_are_late() -> None:
    shipment, late = project(PARCEL, WAY[3])
    assert not late
    assert project(shipment, WAY[1]) == (shipment, True)


def test_a_lost_parcel_that_is_scanned_again_is_found() -> None:
    lost, _ = project(PARCEL, scan(Code.LOST, minutes=5))
    assert lost.state is ShipmentState.LOST
    assert project(lost, scan(Code.IN_TRANSIT, minutes=3))[0].state is ShipmentState.LOST
    assert project(lost, scan(Code.IN_TRANSIT, minutes=6))[0].state is ShipmentState.IN_TRANSIT


def test_an_old_exception_does_not_hide_where_the_parcel_is() -> None:
    delivered, _ = project(PARCEL, WAY[3])
    assert project(delivered, scan(Code.EXCEPTION, minutes=2)) == (delivered, True)


def test_the_warehouse_beats_the_carrier() -> None:
    received = PARCEL.received(NOW)
    lost, _ = project(received, scan(Code.LOST, minutes=9))
    assert lost.state is ShipmentState.RECEIVED
