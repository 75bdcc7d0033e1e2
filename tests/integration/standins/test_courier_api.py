from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.integration.standins.courier_process import Courier, running_courier

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def shared_courier() -> Iterator[Courier]:
    with running_courier() as courier:
        yield courier


@pytest.fixture
def courier(shared_courier: Courier) -> Courier:
    shared_courier.reset()
    return shared_courier


def party(**changes: str) -> dict[str, str]:
    party = {
        "name": "Łucja Żółć",
        "line1": "ul. Świętokrzyska 1/2 ^XZ~JR",
        "zip": "00-950",
        "town": "Łódź",
        "country": "PL",
    }
    return {**party, **changes}


def order(**changes: Any) -> dict[str, Any]:
    piece = {"kg": "2.5", "cm": {"length": "40", "width": "30", "height": "20"}}
    body = {
        "yourRef": "RMA-1",
        "product": "ODB-ETYK",
        "shipper": party(),
        "consignee": party(name="Magazyn"),
        "pieces": [piece],
    }
    return {**body, **changes}


def made(courier: Courier, **changes: Any) -> dict[str, Any]:
    answer = courier.api.post("/v2/consignments", json=order(**changes))
    assert answer.status_code == 201, answer.text
    result: dict[str, Any] = answer.json()
    return result


def fault_of(answer: httpx2.Response) -> dict[str, Any]:
    fault: dict[str, Any] = answer.json()["fault"]
    return fault


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic test-key", "Bearer test-key2"])
def test_without_the_key_only_healthz_answers(courier: Courier, header: str) -> None:
    for path in ("/v2/track", "/_control/state", "/nowhere"):
        answer = httpx2.get(courier.url + path, headers={"Authorization": header}, trust_env=False)
        assert answer.status_code == 401, path
    assert httpx2.get(courier.url + "/healthz", trust_env=False).status_code == 200


def test_every_wrong_field_is_named(courier: Courier) -> None:
    wrong = order(
        product="FAST",
        shipper=party(country="Poland"),
        pieces=[{"kg": "99", "cm": {"length": "40", "width": "30", "height": "-1"}}],
        colour="red",
    )
    answer = courier.api.post("/v2/consignments", json=wrong)
    assert answer.status_code == 422
    assert fault_of(answer)["no"] == "E-4220"
    assert {field["path"] for field in fault_of(answer)["fields"]} == {
        "product",
        "shipper.country",
        "pieces.0.kg",
        "pieces.0.cm.height",
        "colour",
    }


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"yourRef": 7}', b"\xff"])
def test_a_body_that_is_no_order_is_refused(courier: Courier, body: bytes) -> None:
    for path in ("/v2/consignments", "/v2/collections"):
        assert courier.api.post(path, content=body).status_code == 422


def test_a_huge_body_is_refused(courier: Courier) -> None:
    answer = courier.api.post("/v2/consignments", content=b" " * 100_000)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("method", "path", "status", "number"),
    [
        ("GET", "/v2/consignments/KC1", 404, "E-4040"),
        ("GET", "/v2/waybills/KU1/paper", 404, "E-4040"),
        ("POST", "/v2/collections/KZ1/withdraw", 404, "E-4040"),
        ("GET", "/nowhere", 404, "E-4040"),
        ("PUT", "/v2/terms", 405, "E-4050"),
        ("GET", "/v2/coverage?fromCountry=FR&fromZip=75001&toCountry=PL", 422, "E-4225"),
        ("GET", "/v2/terms?country=PL&zip=0&dayFrom=2026-11-16&dayTo=2026-11-17", 422, "E-4220"),
        ("GET", "/v2/terms?country=PL&zip=00-950&dayFrom=x&dayTo=2026-11-17", 422, "E-4220"),
        ("GET", "/v2/track", 422, "E-4220"),
    ],
)
def test_refusals_have_kuriers_numbers(
    courier: Courier, method: str, path: str, status: int, number: str
) -> None:
    answer = courier.api.request(method, path)
    assert (answer.status_code, fault_of(answer)["no"]) == (status, number)


def terms(courier: Courier, first: str, last: str, **where: str) -> list[dict[str, Any]]:
    params = {"country": "PL", "zip": "00-950", "dayFrom": first, "dayTo": last, **where}
    found: list[dict[str, Any]] = courier.api.get("/v2/terms", params=params).json()["terms"]
    return found


def test_terms_skip_weekends_and_holidays(courier: Courier) -> None:
    days = [term["day"] for term in terms(courier, "2026-12-23", "2026-12-29")]
    assert sorted(set(days)) == ["2026-12-23", "2026-12-28", "2026-12-29"]
    assert len(days) == 9
    # Easter Monday 2027-03-29 and Corpus Christi 2027-05-27 move with Easter.
    spring = {term["day"] for term in terms(courier, "2027-03-26", "2027-04-01")}
    assert spring == {"2027-03-26", "2027-03-30", "2027-03-31", "2027-04-01"}
    assert "2027-05-27" not in {term["day"] for term in terms(courier, "2027-05-26", "2027-05-28")}


def test_a_term_is_offered_until_six_the_evening_before(courier: Courier) -> None:
    assert len(terms(courier, "2026-11-16", "2026-11-17")) == 3  # today's are gone
    courier.control("advance", secs=8 * 3600 - 1)  # 17:59:59 in Warsaw
    assert len(terms(courier, "2026-11-16", "2026-11-17")) == 3
    courier.control("advance", secs=1)
    assert terms(courier, "2026-11-16", "2026-11-17") == []


def test_prices_are_in_the_places_money(courier: Courier) -> None:
    czech = {"country": "CZ", "zip": "110 00", "pieces": "2"}
    (first, *_) = terms(courier, "2026-11-16", "2026-11-18", **czech)
    assert first["fee"] == {"gross": "154.00", "ccy": "CZK"}
    assert first["zone"] == "Europe/Prague"


def test_a_pdf_label_has_its_waybill_and_polish_letters(courier: Courier) -> None:
    (waybill,) = made(courier)["waybills"]
    answer = courier.api.get(f"/v2/waybills/{waybill}/paper")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert answer.content.rstrip().endswith(b"%%EOF")
    assert f"({waybill}) Tj".encode() in answer.content
    assert b"DejaVuSans" in answer.content
    for letter in "ŁŻŚęó":  # each is in the embedded font's table of letters
        assert f"{ord(letter):04X}".encode() in answer.content.upper(), letter
    assert courier.api.get(f"/v2/waybills/{waybill}/paper").content == answer.content


def test_a_zpl_label_has_both_codes_and_disarms_its_texts(courier: Courier) -> None:
    (waybill,) = made(courier)["waybills"]
    zpl = courier.api.get(f"/v2/waybills/{waybill}/paper?kind=zpl_203").text
    assert zpl.startswith("^XA")
    assert zpl.endswith("^XZ\n")
    assert zpl.count("^XZ") == 1
    assert f"^BCN,220,Y,N,N^FD{waybill}^FS" in zpl
    assert f"^BQN,2,9^FDMA,{waybill}^FS" in zpl
    assert "Lucja Zolc" in zpl
    assert "~JR" not in zpl


def test_a_second_open_collection_is_refused(courier: Courier) -> None:
    number = made(courier)["consignmentNo"]
    first, second = terms(courier, "2026-11-17", "2026-11-17")[:2]
    body = {"yourRef": "p/1", "consignmentNo": number, "termId": first["termId"]}
    assert courier.api.post("/v2/collections", json=body).status_code == 201
    assert courier.api.post("/v2/collections", json=body).status_code == 200
    again = {**body, "yourRef": "p/2", "termId": second["termId"]}
    answer = courier.api.post("/v2/collections", json=again)
    assert (answer.status_code, fault_of(answer)["no"]) == (409, "E-4096")


def test_an_unused_consignment_expires(courier: Courier) -> None:
    (waybill,) = made(courier)["waybills"]
    told = courier.control("advance", secs=22 * 86_400)
    assert [scan["code"] for scan in told["scans"]] == ["K91"]
    assert courier.api.get(f"/v2/waybills/{waybill}/paper").status_code == 409
