import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest

from aftercare.common.v1.event_pb2 import EventEnvelope
from tests.integration.chassis.backbone import Backbone, until
from tests.integration.chassis.gate import Gate

pytestmark = pytest.mark.integration


@pytest.fixture
def backbone(amqp_uri: str, mongodb_uri: str) -> Iterator[Backbone]:
    with Backbone(amqp_uri, mongodb_uri) as made:
        yield made


def in_order(events: Sequence[EventEnvelope]) -> bool:
    """Whether each aggregate's events came in their sequence, counting what came first."""
    sequences: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if event.sequence not in sequences[event.aggregate_id]:
            sequences[event.aggregate_id].append(event.sequence)
    return all(found == sorted(found) for found in sequences.values())


def test_every_event_is_sent_once_and_in_the_order_of_its_aggregate(backbone: Backbone) -> None:
    queue = backbone.bind_plain_queue()
    ids = backbone.commit(backbone.event(agg=f"acc_{i % 7}") for i in range(350))
    relay = backbone.relay()
    ids += [backbone.commit([backbone.event(agg=f"acc_{i % 7}")])[0] for i in range(50)]
    until(lambda: backbone.unsent() == 0)
    events = backbone.drain(queue)
    assert sorted(event.event_id for event in events) == sorted(ids)
    assert in_order(events)
    assert backbone.database["outbox"].count_documents({"sent": 1, "sent_at": {"$type": "date"}}) == 400
    assert relay.stop() == 0


def test_an_event_that_no_queue_wants_stays_unsent_and_holds_up_no_other(backbone: Backbone) -> None:
    queue = backbone.bind_plain_queue()
    backbone.commit([backbone.event(agg="acc_lonely")], source=backbone.source("nobody"))
    relay = backbone.relay(backbone.source("nobody"))
    until(lambda: "no queue takes these events" in relay.log.read_text(), what="the alarm")
    known = backbone.commit(backbone.event(agg="acc_known") for _ in range(5))
    until(lambda: backbone.depth(queue) == 5)
    assert backbone.unsent() == 1
    late = backbone.bind_plain_queue(backbone.source("nobody"))
    until(lambda: backbone.unsent() == 0, what="sent as soon as somebody wants it")
    assert [event.aggregate_id for event in backbone.drain(late)] == ["acc_lonely"]
    assert [event.event_id for event in backbone.drain(queue)] == known


def test_a_relay_killed_in_mid_batch_loses_nothing(backbone: Backbone) -> None:
    queue = backbone.bind_plain_queue()
    ids = backbone.commit(backbone.event(agg=f"acc_{i % 7}") for i in range(350))
    assert backbone.relay(crash_at="relay.published:2").wait() == -9
    assert backbone.unsent() == 250  # the second batch was published, but not marked
    backbone.relay()
    until(lambda: backbone.unsent() == 0)
    events = backbone.drain(queue)
    assert {event.event_id for event in events} == set(ids)
    assert len(events) == 450
    assert in_order(events)


def test_another_relay_takes_over_when_the_leader_dies(backbone: Backbone) -> None:
    queue = backbone.bind_plain_queue()
    leader = backbone.relay()
    until(lambda: "leading" in leader.log.read_text())
    standby = backbone.relay()
    backbone.commit([backbone.event()])
    until(lambda: backbone.unsent() == 0)
    time.sleep(0.5)
    assert "leading" not in standby.log.read_text()
    leader.kill()
    backbone.commit(backbone.event() for _ in range(10))
    until(lambda: backbone.unsent() == 0, what="the take-over")
    assert "leading" in standby.log.read_text()
    events = backbone.drain(queue)
    assert len(events) == 11
    assert in_order(events)


def test_a_stopped_relay_gives_its_lease_back(backbone: Backbone) -> None:
    backbone.bind_plain_queue()
    leader = backbone.relay(lease=600.0)
    until(lambda: "leading" in leader.log.read_text())
    standby = backbone.relay(lease=600.0)
    assert leader.stop() == 0
    backbone.commit([backbone.event()])
    until(lambda: backbone.unsent() == 0, what="less than the lease")
    assert "leading" in standby.log.read_text()


@pytest.mark.parametrize("part", ["broker", "database"])
def test_an_outage_in_the_middle_loses_nothing(backbone: Backbone, part: str) -> None:
    queue = backbone.bind_plain_queue()
    uri = backbone.amqp_uri if part == "broker" else backbone.mongodb_uri
    parts = urlsplit(uri)
    with Gate(parts.hostname or "", parts.port or 0) as gate:
        gate.shut()  # away at the start as well
        through = uri.replace(f":{parts.port}", f":{gate.port}")
        if part == "database":
            options = "directConnection=true&serverSelectionTimeoutMS=500&connectTimeoutMS=500"
            relay = backbone.relay(mongodb_uri=f"{through.partition('?')[0]}?{options}")
        else:
            relay = backbone.relay(amqp_uri=through)
        ids = backbone.commit(backbone.event(agg=f"acc_{i % 7}") for i in range(100))
        until(lambda: "not reachable, trying again" in relay.log.read_text(), what="a clear log line")
        gate.open()
        until(lambda: backbone.unsent() == 0)
        for _ in range(3):
            ids += backbone.commit(backbone.event(agg=f"acc_{i % 7}") for i in range(100))
            gate.shut()
            time.sleep(0.2)
            gate.open()
        until(lambda: backbone.unsent() == 0)
        events = backbone.drain(queue)
        assert {event.event_id for event in events} == set(ids)
        assert in_order(events)
        assert relay.stop() == 0
