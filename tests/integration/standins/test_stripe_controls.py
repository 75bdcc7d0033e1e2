"""The control endpoints themselves: what they refuse, and what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deploy.standins.stripe.account.collection import Collection, RecentCollection
from deploy.standins.stripe.gate.log import WireLog
from deploy.standins.stripe.wire.errors import StripeError
from tests.integration.standins.stripe_process import paid

if TYPE_CHECKING:
    import httpx2
    import stripe

    from tests.integration.standins.stripe_process import StandIn

pytestmark = pytest.mark.integration

HOOK = {"url": "http://127.0.0.1:9/h", "secret": "whsec_x"}
FAULT = {"kind": "slow", "on": "POST /v1/refunds", "secs": 1}


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("reset", {"hard": True}, "unknown field 'hard'"),
        ("fault", [], "must be a JSON object"),
        ("fault", {}, "kind must be one of drop_before"),
        ("fault", {**FAULT, "kind": "explode"}, "got 'explode'"),
        ("fault", {**FAULT, "on": "/v1/refunds"}, "on must read like"),
        ("fault", {**FAULT, "times": 0}, "times must be an integer from 1"),
        ("fault", {**FAULT, "times": True}, "times must be an integer"),
        ("fault", {**FAULT, "skip": -1}, "skip must be an integer from 0"),
        ("fault", {**FAULT, "secs": 121}, "seconds from 0 to 120"),
        ("fault", {"kind": "hang_after", "on": "POST /v1/refunds"}, "secs must be a number"),
        ("fault", {**FAULT, "kind": "429"}, "secs belongs to"),
        ("fault", {**FAULT, "code": "x"}, "code must be one of rate_limit, lock_timeout"),
        ("fault", {**FAULT, "headers": {"A": 1}}, "strings only"),
        ("fault", {**FAULT, "headers": {"A": "b\r\nC: d"}}, "line breaks"),
        ("hook", {"url": HOOK["url"]}, "secret must be a non-empty string"),
        ("hook", {**HOOK, "secret": "x"}, "must begin with whsec_"),
        ("hook", {**HOOK, "url": "ftp://127.0.0.1/"}, "must be an http address"),
        ("hook", {**HOOK, "url": "http://example.test/h"}, "on this machine"),
        ("hook", {**HOOK, "events": []}, "a list of 1 to 100"),
        ("transition", {"id": "re_none", "status": "failed"}, "there is no refund 're_none'"),
        ("next_refund", {"status": "failed"}, "status must be one of pending"),
        ("next_refund", {"times": 1_001}, "times must be an integer from 1 to 1000"),
        ("advance", {"secs": 0}, "secs must be an integer from 1"),
        ("advance", {"secs": 1.5}, "got 1.5"),
        ("autohook", {"on": "yes"}, "on must be true or false"),
        ("redeliver", {"order": "shuffled"}, "oldest_first, newest_first"),
        ("external_refund", {}, "payment_intent or charge"),
        ("external_refund", {"charge": "ch_none"}, "No such charge: 'ch_none'"),
        ("dispute", {"charge": "ch_none"}, "there is no charge 'ch_none'"),
        ("close_dispute", {"id": "du_none", "outcome": "won"}, "there is no dispute"),
        ("payout", {"currency": "eur"}, "nothing to pay out in eur"),
        ("fail_payout", {"id": "po_none"}, "there is no payout"),
        ("funds", {"when_short": "panic"}, "overdraw, pend, refuse"),
        ("exchange_rate", {"from": "usd", "rate": 0.9}, "rate must be a non-empty string"),
        ("exchange_rate", {"from": "usd", "rate": "0"}, "rate must be a positive decimal"),
        ("exchange_rate", {"from": "USD", "rate": "1"}, "lower-case currency codes"),
    ],
)
def test_malformed_bodies_are_told_what_is_wrong(
    stand_in: StandIn, name: str, body: object, said: str
) -> None:
    response = stand_in.try_control(name, body)
    assert response.status_code == 400
    assert said in response.json()["error"]


def test_bodies_that_are_no_json_and_unknown_controls(stand_in: StandIn) -> None:
    for content in (b"{", b"\xff", b"NaN["):
        response = stand_in.http.post(f"{stand_in.url}/_control/fault", content=content)
        assert response.status_code == 400
        assert "not JSON" in response.json()["error"]
    unknown = stand_in.try_control("explode", {})
    assert unknown.status_code == 404
    assert "there are: reset, fault" in unknown.json()["error"]
    for limit in ("0", "x", "-1", "1000000"):
        params = {"limit": limit}
        assert stand_in.http.get(f"{stand_in.url}/_control/state", params=params).status_code == 400


def test_faults_and_hooks_are_bounded(stand_in: StandIn) -> None:
    answers = [stand_in.try_control("fault", FAULT).status_code for _ in range(101)]
    assert answers == [200] * 100 + [400]
    hooks = [{**HOOK, "url": f"http://127.0.0.1:9/{number}"} for number in range(17)]
    assert [stand_in.try_control("hook", hook).status_code for hook in hooks] == [200] * 16 + [400]
    assert stand_in.try_control("hook", hooks[0]).status_code == 200  # replaces its own


def test_reset_forgets_everything(stand_in: StandIn, client: stripe.StripeClient) -> None:
    paid(client)
    stand_in.control("hook", **HOOK)
    stand_in.control("advance", secs=1_000_000)
    stand_in.fault("429")
    before = stand_in.state()["now"]
    stand_in.control("reset")
    state = stand_in.state()
    assert state["now"] < before - 900_000
    rows = ("hooks", "faults", "refunds", "charges", "balance_transactions", "event_types", "wire")
    assert [state[name] for name in rows] == [[]] * len(rows)


def test_ids_of_one_run_do_not_meet_those_of_another(stand_in: StandIn, client: stripe.StripeClient) -> None:
    first = paid(client)
    stand_in.control("reset")
    assert paid(client).id != first.id


def test_the_wire_log_shows_calls_without_card_numbers(
    stand_in: StandIn, client: stripe.StripeClient
) -> None:
    client.v1.payment_methods.create({"type": "card", "card": {"number": "4242424242424242"}})
    client.v1.balance.retrieve()
    with pytest.raises(Exception, match="Invalid API Key"):
        stand_in.client(key="bad").v1.balance.retrieve()
    state = stand_in.state()
    seen = [(entry["method"], entry["path"], entry["status"]) for entry in state["wire"]]
    assert seen == [
        ("POST", "/v1/payment_methods", 200),
        ("GET", "/v1/balance", 200),
        ("GET", "/v1/balance", 401),
    ]
    assert state["wire"][0]["params"] == {"type": "card", "card[number]": "****"}
    assert state["wire"][0]["stripe_version"] == "2026-10-28.endive"
    assert state["wire"][0]["idempotency_key"]
    assert state["totals"]["wire"] == 3
    assert stand_in.state(limit=1)["wire"] == state["wire"][-1:]


def test_the_wire_log_keeps_the_newest_and_counts_the_rest() -> None:
    log = WireLog(limit=3)  # in process: filling the real one would take thousands of requests
    for number in range(5):
        log.open("GET", f"/v1/{number}", idempotency_key="k" * 9_999, stripe_version=None, request_id="r")
    assert (log.total, log.dropped) == (5, 2)
    assert [entry["path"] for entry in log.newest(10)] == ["/v1/2", "/v1/3", "/v1/4"]
    assert len(log.newest(1)[0]["idempotency_key"]) == 256


def test_full_collections_refuse_and_recent_ones_forget() -> None:
    full, recent = Collection("refund", 2), RecentCollection("event", 10)
    for number in range(2):
        full.add({"id": f"re_{number}"})
    with pytest.raises(StripeError, match="holds 2 refund objects, its limit"):
        full.add({"id": "re_2"})
    for number in range(25):
        recent.add({"id": f"evt_{number}"})
    assert (len(recent), recent.evicted) == (10, 15)
    assert recent.get("evt_14") is None
    assert [row["id"] for row in recent.newest_first({}, before="evt_17")] == ["evt_16", "evt_15"]


def test_huge_or_tangled_forms_are_refused(stand_in: StandIn) -> None:
    headers = {"Authorization": "Bearer sk_test_x"}

    def post(content: str) -> httpx2.Response:
        return stand_in.http.post(f"{stand_in.url}/v1/refunds", content=content, headers=headers)

    for content in ("&".join(["a=1"] * 501), "a=1&a[b]=2", "a[b]=2&a=1", "a[b][c][d][e][f]=1", "[=1"):
        assert post(content).status_code == 400, content[:40]
    assert post("a=" + "x" * 300_000).status_code == 413
