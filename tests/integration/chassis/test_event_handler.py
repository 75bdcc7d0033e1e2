import time
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from services.chassis.events import topology
from services.chassis.events.envelopes import body_of
from tests.integration.chassis.backbone import Backbone, Process, until
from tests.integration.chassis.gate import Gate

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def backbone(amqp_uri: str, mongodb_uri: str) -> Iterator[Backbone]:
    with Backbone(amqp_uri, mongodb_uri) as made:
        yield made


@pytest.fixture(scope="module")
def worker(backbone: Backbone) -> Process:
    """One supervised work process with a handler for each test."""
    patient = ("poison", "permanent", "late", "garbage", "already", "killer", "bystander")
    handlers = {name: {"time_limit": 5.0} for name in patient} | {"slow": {"time_limit": 0.3}}
    process = backbone.worker(handlers, supervised=True, timers={"tick": "fine", "faulty": "raise"})
    until(lambda: all(backbone.consumers(name) for name in handlers), what="consumers")
    return process


def test_a_poisoned_event_is_retried_with_delays_and_then_dead_with_its_error(
    backbone: Backbone, worker: Process
) -> None:
    event = backbone.publish(backbone.event("raise"), "poison")
    others = [backbone.publish(backbone.event(), "poison") for _ in range(20)]
    until(lambda: len(backbone.tries(event)) == 3)
    until(lambda: backbone.depth(topology.dead_queue(backbone.queue("poison"))) == 1)
    [letter] = backbone.dead("poison")
    assert letter.headers["x-attempt"] == 3
    assert letter.headers["x-error"] == "RuntimeError: as told"
    assert letter.headers["x-first-failed"].startswith("20")
    assert letter.properties["message_id"] == event
    gaps = [(b["at"] - a["at"]).total_seconds() for a, b in pairwise(backbone.tries(event))]
    assert gaps[0] >= 0.2
    assert gaps[1] >= 0.5
    assert [len(backbone.tries(other)) for other in others] == [1] * 20


def test_a_permanent_error_is_dead_at_once(backbone: Backbone, worker: Process) -> None:
    event = backbone.publish(backbone.event("invalid"), "permanent")
    until(lambda: backbone.depth(topology.dead_queue(backbone.queue("permanent"))) == 1)
    [letter] = backbone.dead("permanent")
    assert (letter.headers["x-attempt"], len(backbone.tries(event))) == (1, 1)
    assert "NEVER_RIGHT" in letter.headers["x-error"]


def test_what_is_not_there_yet_is_tried_again_until_it_is(backbone: Backbone, worker: Process) -> None:
    event = backbone.publish(backbone.event("not_found", times=2), "late")
    until(lambda: len(backbone.tries(event)) == 3)
    time.sleep(0.2)
    assert backbone.dead("late") == []
    assert len(backbone.tries(event)) == 3


@pytest.mark.parametrize("body", [b"\xff\xfe not protobuf", b"", b"{}"])
def test_bytes_that_are_no_event_are_dead_at_once(backbone: Backbone, worker: Process, body: bytes) -> None:
    event = backbone.publish(backbone.event(), "garbage", body=body)
    until(lambda: backbone.depth(topology.dead_queue(backbone.queue("garbage"))) == 1)
    [letter] = backbone.dead("garbage")
    assert letter.headers["x-error"].startswith("UndecodableEventError")
    assert body_of(letter) == body
    assert backbone.tries(event) == []


def test_a_handler_over_its_time_is_retried_and_then_dead_while_others_go_on(
    backbone: Backbone, worker: Process
) -> None:
    event = backbone.publish(backbone.event("hang"), "slow")
    others = [backbone.publish(backbone.event(), "slow") for _ in range(30)]
    until(lambda: backbone.depth(topology.dead_queue(backbone.queue("slow"))) == 1)
    [letter] = backbone.dead("slow")
    assert letter.headers["x-error"] == "HandlerTimeoutError: took longer than 0.3 s"
    assert len(backbone.tries(event)) == 3
    last_try = backbone.tries(event)[-1]["at"]
    assert all(backbone.tries(other)[0]["at"] < last_try for other in others)


def test_an_event_handled_before_is_acknowledged(backbone: Backbone, worker: Process) -> None:
    event = backbone.publish(backbone.event("already"), "already")
    until(lambda: backbone.tries(event))
    time.sleep(0.5)
    assert len(backbone.tries(event)) == 1
    assert backbone.depth(backbone.queue("already")) == 0
    assert backbone.dead("already") == []


def test_a_timer_that_raises_keeps_its_turns_and_its_process(backbone: Backbone, worker: Process) -> None:
    before = backbone.database["done"].count_documents({"handler": "timer.faulty"})
    pid = worker.now.pid
    until(lambda: backbone.database["done"].count_documents({"handler": "timer.faulty"}) > before + 2)
    assert backbone.database["done"].count_documents({"handler": "timer.tick"}) > 2
    assert worker.now.pid == pid


def test_a_handler_that_kills_its_process_is_dead_at_the_delivery_limit(
    backbone: Backbone, worker: Process
) -> None:
    # It dies late enough for the others to end, or the broker would count its deaths against them too.
    event = backbone.publish(backbone.event("exit", work=0.3), "killer")
    others = [backbone.publish(backbone.event(), "bystander") for _ in range(20)]
    until(lambda: backbone.depth(topology.dead_queue(backbone.queue("killer"))) == 1)
    assert len(backbone.tries(event)) == 5  # the limit of 4 returns, and the first
    until(lambda: all(backbone.tries(other) for other in others))
    assert backbone.depth(topology.dead_queue(backbone.queue("bystander"))) == 0
    [letter] = backbone.dead("killer")
    assert letter.headers["x-first-death-reason"] == "delivery_limit"


def test_an_ordered_handler_keeps_order_through_retries_and_a_killed_process(
    backbone: Backbone, worker: Process
) -> None:
    processes = [backbone.worker({"ordered": {"ordered": True}}) for _ in range(2)]
    # The broker counts the active consumer only, so ask the processes.
    until(lambda: all("consuming" in process.log.read_text() for process in processes))
    orders = [backbone.event(work=0.02) for _ in range(60)]
    orders[5] = backbone.event("raise", times=2)
    events = [backbone.publish(order, "ordered") for order in orders]
    until(lambda: backbone.tries(events[10]))
    [first] = backbone.database["done"].distinct("pid", {"handler": "ordered"})
    next(process for process in processes if process.now.pid == first).kill()
    until(lambda: backbone.tries(events[-1]))
    done = list(backbone.database["done"].find({"handler": "ordered"}, sort=[("at", 1)]))
    seen = list(dict.fromkeys(row["event"] for row in done))
    assert seen == events
    assert [row["event"] for row in done].count(events[5]) == 3
    assert len({row["pid"] for row in done}) == 2


def test_sigterm_ends_what_is_in_hand_and_nothing_comes_twice(backbone: Backbone, worker: Process) -> None:
    process = backbone.worker({"graceful": {}})
    until(lambda: backbone.consumers("graceful"))
    event = backbone.publish(backbone.event(work=1.0), "graceful")
    until(lambda: backbone.tries(event))
    assert process.stop() == 0
    assert backbone.depth(backbone.queue("graceful")) == 0
    assert len(backbone.tries(event)) == 1


def test_a_broker_that_is_away_at_the_start_and_in_the_middle_loses_nothing(backbone: Backbone) -> None:
    parts = urlsplit(backbone.amqp_uri)
    with Gate(parts.hostname or "", parts.port or 5672) as gate:
        gate.shut()
        process = backbone.worker(
            {"outage": {}}, amqp_uri=backbone.amqp_uri.replace(f":{parts.port}", f":{gate.port}")
        )
        until(lambda: "broker lost or not reachable" in process.log.read_text(), what="a clear log line")
        gate.open()
        until(lambda: backbone.consumers("outage"))
        events = [backbone.publish(backbone.event(work=0.01), "outage") for _ in range(100)]
        until(lambda: backbone.tries(events[10]))
        gate.shut()
        events += [backbone.publish(backbone.event(), "outage") for _ in range(50)]
        time.sleep(0.5)
        gate.open()
        until(lambda: all(backbone.tries(event) for event in events))
        assert process.now.poll() is None
        gate.shut()
        assert process.stop() == 0  # also without a broker
