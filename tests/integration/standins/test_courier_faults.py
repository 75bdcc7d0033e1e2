"""The adapter against a carrier that misbehaves."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from services.chassis.kernel.clock import SystemClock
from services.returns.adapters.couriers.kurier.gateway import KurierGateway
from services.returns.adapters.couriers.settings import CarrierSettings
from services.returns.domain import carrier_errors as errors
from services.returns.domain.carriage import BookPickup, CarrierCall, CarrierPickup
from services.returns.domain.carrier_events import CarrierEventCode
from tests.contracts.carriers.carrier_contract import CALL, CUSTOMER, LANE, PARCEL, order
from tests.integration.standins.courier_process import (
    API_KEY,
    WEBHOOK_SECRET,
    Courier,
    running_courier,
)

pytestmark = pytest.mark.integration

SHORT = CarrierCall(deadline=timedelta(seconds=0.5), idempotency_key="fault-1")


@pytest.fixture(scope="module")
def shared_courier() -> Iterator[Courier]:
    with running_courier() as courier:
        yield courier


@pytest.fixture
def courier(shared_courier: Courier) -> Courier:
    shared_courier.reset()
    return shared_courier


def gateway_of(url: str, api_key: str = API_KEY) -> KurierGateway:
    settings = CarrierSettings(base_url=url, api_key=api_key, webhook_secrets=(WEBHOOK_SECRET,))
    return KurierGateway(settings, SystemClock())


@pytest.fixture
def gateway(courier: Courier) -> Iterator[KurierGateway]:
    gateway = gateway_of(courier.url)
    yield gateway
    gateway.close()


@pytest.fixture
def command(courier: Courier, gateway: KurierGateway) -> BookPickup:
    made = gateway.create_return_shipment(order("RMA-1"), call=CALL)
    now = courier.state()["now"]
    from_date = SystemClock().now().fromisoformat(now).date()
    slot = gateway.quote_slots(CUSTOMER, [PARCEL], from_date=from_date, days=4, call=CALL)[0]
    return BookPickup(reference="p/1", carrier_shipment_id=made.carrier_shipment_id, slot_id=slot.id)


def book(gateway: KurierGateway, command: BookPickup) -> Callable[[], CarrierPickup]:
    return lambda: gateway.book_pickup(command, call=SHORT)


@pytest.mark.parametrize(
    ("kind", "error", "happened"),
    [
        ("drop_after", errors.OutcomeUnknown, True),
        ("hang", errors.OutcomeUnknown, False),
        ("500", errors.OutcomeUnknown, False),
        ("garbage", errors.OutcomeUnknown, False),
        ("503", errors.Transient, False),
        ("429", errors.RateLimited, False),
    ],
)
def test_a_booking_that_fails_says_what_is_known_and_is_not_repeated(
    courier: Courier,
    gateway: KurierGateway,
    command: BookPickup,
    kind: str,
    error: type[errors.CarrierError],
    happened: bool,  # noqa: FBT001 - a column of the table
) -> None:
    courier.control("fault", on="POST /v2/collections", kind=kind, times=2)
    started = time.monotonic()
    with pytest.raises(error) as refused:
        book(gateway, command)()
    assert type(refused.value) is error
    assert time.monotonic() - started < 1.5
    assert courier.state()["faults"][0]["times"] == 1  # one call, one fault used
    assert len(gateway.find_pickups("p/1", call=CALL)) == int(happened)


@pytest.mark.parametrize("kind", ["drop_after", "hang", "500", "503", "garbage"])
def test_a_reading_call_that_fails_is_merely_transient(
    courier: Courier, gateway: KurierGateway, kind: str
) -> None:
    courier.control("fault", on="GET /v2/*", kind=kind)
    with pytest.raises(errors.Transient):
        gateway.capabilities(LANE, call=SHORT)
    assert gateway.capabilities(LANE, call=CALL)


def test_the_carriers_wish_to_wait_is_handed_on(courier: Courier, gateway: KurierGateway) -> None:
    courier.control("fault", on="GET /v2/coverage", kind="429", retry_after=7)
    with pytest.raises(errors.RateLimited) as refused:
        gateway.capabilities(LANE, call=CALL)
    assert refused.value.retry_after == timedelta(seconds=7)


def test_a_wrong_key_needs_an_operator(courier: Courier) -> None:
    gateway = gateway_of(courier.url, "retired")
    with pytest.raises(errors.AuthFailed) as refused:
        gateway.capabilities(LANE, call=CALL)
    assert "retired" not in str(refused.value)
    gateway.close()


def test_nobody_listening_means_that_nothing_happened(command: BookPickup) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gateway = gateway_of(f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(errors.Transient) as refused:
            book(gateway, command)()
        assert not isinstance(refused.value, errors.OutcomeUnknown)
        gateway.close()


def test_a_label_that_fails_leaves_a_shipment_that_can_be_asked_for_again(
    courier: Courier, gateway: KurierGateway
) -> None:
    courier.control("fault", on="GET /v2/waybills/*", kind="503")
    with pytest.raises(errors.Transient):
        gateway.create_return_shipment(order("RMA-2"), call=CALL)
    made = gateway.create_return_shipment(order("RMA-2"), call=CALL)
    assert len(made.labels) == 1
    assert courier.state()["consignments"] == 1


def test_an_unknown_scan_code_is_kept_as_unknown(courier: Courier, gateway: KurierGateway) -> None:
    courier.control("scan", tracking_no="KU1", code="K99", stray=True, wait=True)
    headers, body = courier.sink.take()[-1]
    (event,) = gateway.parse_webhook(headers, body)
    assert (event.code, event.native_code) == (CarrierEventCode.UNKNOWN, "K99")
    assert event.code.rank is None


def test_the_hour_that_comes_twice_is_told_apart(courier: Courier, gateway: KurierGateway) -> None:
    utc_times = ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"]
    for moment in utc_times:
        courier.control("scan", tracking_no="KU1", code="K30", occurred_at=moment, stray=True, wait=True)
    pushes = courier.sink.take()
    assert all(b'"at": "2026-10-25T02:30:00"' in body for _, body in pushes)
    events = [event for push in pushes for event in gateway.parse_webhook(*push)]
    assert [event.occurred_at.strftime("%Y-%m-%dT%H:%M:%SZ") for event in events] == utc_times


def test_an_id_cannot_reach_another_route(gateway: KurierGateway) -> None:
    for number in ("../track?waybills=1", "KZ1/withdraw", ""):
        with pytest.raises(errors.InvalidRequest):
            gateway.get_pickup(number, call=CALL)
