import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.standins.courier_process import WEBHOOK_SECRET, Courier, running_courier
from tests.integration.standins.test_courier_api import made, terms

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def shared_courier() -> Iterator[Courier]:
    with running_courier("--webhook-attempts", "3") as courier:
        yield courier


@pytest.fixture
def courier(shared_courier: Courier) -> Courier:
    shared_courier.reset()
    return shared_courier


def book(courier: Courier, reference: str = "p/1", **consignment: Any) -> tuple[str, str]:
    """The waybill and the collection's number; the notices of booking are out of the way."""
    made_now = made(courier, **consignment)
    term = terms(courier, "2026-11-17", "2026-11-17")[0]["termId"]
    body = {"yourRef": reference, "consignmentNo": made_now["consignmentNo"], "termId": term}
    answer = courier.api.post("/v2/collections", json=body)
    assert answer.status_code == 201, answer.text
    courier.control("advance", secs=0, wait=True)
    courier.sink.take()
    return made_now["waybills"][0], answer.json()["collectionNo"]


def received(courier: Courier) -> list[str]:
    """Codes of the scans pushed since the last time, in order of arrival."""
    return [s["code"] for _, body in courier.sink.take() for s in json.loads(body)["scans"]]


JOURNEY = ["K10", "K20", "K30", "K31", "K40", "K50"]


def test_advance_makes_what_falls_due_and_pushes_it_signed(courier: Courier) -> None:
    book(courier)
    told = courier.control("advance", secs=3 * 86_400, wait=True)
    assert (told["emitted"], told["settled"], told["unsent"]) == (6, True, 0)
    for headers, body in courier.sink.received:
        sent_at, signature = headers["X-Kurier-Signature"].removeprefix("t=").split(",v1=")
        signed = sent_at.encode() + b"." + body
        expected = hmac.new(WEBHOOK_SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert signature == expected
        assert abs(time.time() - int(sent_at)) < 60
    assert received(courier) == JOURNEY
    assert courier.control("advance", secs=86_400)["emitted"] == 0


def test_duplicates_and_shuffles_are_reproducible(courier: Courier) -> None:
    orders = []
    for _ in range(2):
        courier.reset()
        book(courier)
        courier.control("deliver", duplicate=2, shuffle=42)
        courier.control("advance", secs=3 * 86_400, wait=True)
        orders.append(received(courier))
    assert orders[0] == orders[1]
    assert sorted(orders[0]) == sorted(JOURNEY * 3)
    assert orders[0] != sorted(orders[0])
    courier.control("deliver")
    assert (courier.state()["duplicate"], courier.state()["shuffle"]) == (0, None)


def test_held_notices_wait_for_flush(courier: Courier) -> None:
    book(courier)
    courier.control("hold", on=True)
    courier.control("advance", secs=3 * 86_400, wait=True)
    assert received(courier) == []
    assert courier.state()["held"] == 6
    courier.control("hold", on=False)
    assert courier.control("flush", wait=True)["flushed"] == 6
    assert received(courier) == JOURNEY


def test_a_failing_receiver_is_tried_again_and_then_given_up(courier: Courier) -> None:
    waybill, _ = book(courier)
    courier.sink.failures = 2
    courier.control("scan", tracking_no=waybill, code="K20", wait=True)
    assert received(courier) == ["K20"] * 3
    assert courier.state()["notices"][-1]["state"] == "delivered"
    courier.sink.failures = 3
    courier.control("scan", tracking_no=waybill, code="K30", wait=True)
    assert received(courier) == ["K30"] * 3
    notice = courier.state()["notices"][-1]
    assert (notice["state"], notice["attempts"], notice["lastAnswer"]) == ("given_up", 3, "500")
    courier.control("redeliver", notice_id=notice["noticeId"], wait=True)
    courier.control("redeliver", last=2, wait=True)
    assert received(courier) == ["K30", "K20", "K30"]


def test_a_redelivered_notice_is_a_true_duplicate(courier: Courier) -> None:
    waybill, _ = book(courier)
    courier.control("scan", tracking_no=waybill, code="K20", wait=True)
    courier.control("redeliver", last=1, wait=True)
    (_, first), (_, second) = courier.sink.take()
    assert first == second


def test_a_scan_at_will_is_kept_and_changes_the_phase(courier: Courier) -> None:
    waybill, number = book(courier)
    at = "2026-11-17T12:00:00+02:00"
    told = courier.control("scan", tracking_no=waybill, code="K20", place="DOOR", occurred_at=at, wait=True)
    assert told["scans"][0]["at"] == "2026-11-17T11:00:00"
    assert courier.api.get(f"/v2/collections/{number}").json()["phase"] == "Z3"
    tracked = courier.api.get(f"/v2/track?waybills={waybill}").json()["scans"]
    assert tracked[-1] == told["scans"][0]
    assert json.loads(courier.sink.take()[0][1])["scans"] == told["scans"]
    # The script's own visit was overtaken; the road goes on.
    later = courier.control("advance", secs=3 * 86_400, wait=True)["scans"]
    assert [scan["code"] for scan in later] == JOURNEY[2:]


def test_a_stray_scan_is_told_and_not_kept(courier: Courier) -> None:
    refused = courier.api.post("/_control/scan", json={"tracking_no": "KU1", "code": "K30"})
    assert refused.status_code == 404
    courier.control("scan", tracking_no="KU1", code="K99", stray=True, wait=True)
    assert received(courier) == ["K99"]
    assert courier.api.get("/v2/track?waybills=KU1").json() == {"scans": []}


def test_a_script_can_be_given_to_the_next_booking(courier: Courier) -> None:
    courier.control("script", endings="FAIL2-LOST")
    book(courier)
    codes = [s["code"] for s in courier.control("advance", secs=14 * 86_400)["scans"]]
    visits = ["K10", "K19", "K05", "K10", "K19", "K05", "K10", "K20"]
    assert codes == [*visits, "K30", "K70"]


def test_a_consignments_ending_serves_its_collections(courier: Courier) -> None:
    book(courier, "p/1", yourRef="RMA-9-NOSHOW")
    scans = courier.control("advance", secs=86_400 + 12 * 3600)["scans"]
    assert [(s["code"], s["cause"]) for s in scans][:1] == [("K19", "N5")]


def test_a_third_failed_visit_is_the_last(courier: Courier) -> None:
    book(courier, "p/1-FAIL3")
    codes = [s["code"] for s in courier.control("advance", secs=14 * 86_400)["scans"]]
    assert codes.count("K19") == 3
    assert codes[-1] == "K19"


def test_a_new_booking_replaces_the_second_visit(courier: Courier) -> None:
    _, number = book(courier, "p/1-FAIL1")
    courier.control("advance", secs=86_400 + 6 * 3600)
    consignment = courier.api.get(f"/v2/collections/{number}").json()["consignmentNo"]
    term = terms(courier, "2026-11-20", "2026-11-20")[0]["termId"]
    body = {"yourRef": "p/2-FAIL1", "consignmentNo": consignment, "termId": term}
    assert courier.api.post("/v2/collections", json=body).status_code == 201
    scans = courier.control("advance", secs=10 * 86_400)["scans"]
    assert [s["code"] for s in scans if s["code"] in {"K19", "K20"}] == ["K20"]
    assert [s["at"] for s in scans if s["code"] == "K20"] == ["2026-11-20T11:30:00"]


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("advance", {}),
        ("advance", {"secs": -1}),
        ("advance", {"secs": 1.5}),
        ("advance", {"secs": "60"}),
        ("advance", {"secs": 10**12}),
        ("advance", {"secs": 1, "speed": 2}),
        ("scan", {"tracking_no": "KU1", "code": "delivered"}),
        ("scan", {"tracking_no": "KU1", "code": "K30", "occurred_at": "2026-11-17T12:00:00"}),
        ("deliver", {"duplicate": 11}),
        ("deliver", {"shuffle": "often"}),
        ("hold", {}),
        ("hold", {"on": "yes"}),
        ("redeliver", {}),
        ("redeliver", {"last": 1, "notice_id": "N1"}),
        ("fault", {"on": "/v2/track", "kind": "503"}),
        ("fault", {"on": "POST /_control/reset", "kind": "503"}),
        ("fault", {"on": "GET /v2/track", "kind": "earthquake"}),
        ("fault", {"on": "GET /v2/track", "kind": "503", "times": 0}),
        ("script", {"endings": "FAIL9"}),
        ("reset", {"really": True}),
    ],
)
def test_a_wrong_control_body_is_a_400_that_names_the_field(
    courier: Courier, name: str, body: dict[str, object]
) -> None:
    before = courier.state()
    answer = courier.api.post(f"/_control/{name}", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["fault"]["fields"]
    assert courier.state() == before


def test_reset_forgets_everything(courier: Courier) -> None:
    fresh = courier.state()
    book(courier)
    courier.control("fault", on="GET /v2/track", kind="503")
    courier.control("deliver", duplicate=1, shuffle=1)
    courier.control("hold", on=True)
    courier.control("script", endings="LOST")
    courier.control("advance", secs=86_400)
    courier.control("reset")
    assert courier.state() == fresh
