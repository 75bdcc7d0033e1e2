import json
from collections.abc import Iterator

import amqp
import pytest
from typer.testing import CliRunner

from deploy.cli.dead_letters import app
from services.chassis.events import topology
from services.chassis.events.dead_letters import DeadQueue, list_dead, replay
from tests.integration.chassis.backbone import Backbone, until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def backbone(amqp_uri: str, mongodb_uri: str) -> Iterator[Backbone]:
    with Backbone(amqp_uri, mongodb_uri) as made:
        made.worker({"feed": {}})
        until(made.consumers)
        yield made


@pytest.fixture
def dead(backbone: Backbone) -> list[str]:
    """Two events that died because their handler refused them the first time, as before a repair."""
    backbone.dead()
    events = [backbone.publish(backbone.event("invalid", times=1)) for _ in range(2)]
    until(lambda: backbone.depth(topology.dead_queue(backbone.queue())) == 2)
    return events


def test_the_dead_are_listed_with_their_error_and_stay(backbone: Backbone, dead: list[str]) -> None:
    for _ in range(2):
        until(lambda: backbone.depth(topology.dead_queue(backbone.queue())) == 2)
        [found] = list_dead(backbone.amqp_uri, [backbone.queue(), "aftercare.no.such"])
        assert (found.queue, found.count) == (backbone.queue(), 2)
        assert sorted(letter.event_id for letter in found.letters) == sorted(dead)
        assert {(letter.type, letter.attempts) for letter in found.letters} == {("points.earned", 1)}
        assert all("NEVER_RIGHT" in letter.error and letter.first_failed for letter in found.letters)


def test_one_event_or_all_are_sent_again(backbone: Backbone, dead: list[str]) -> None:
    assert replay(backbone.amqp_uri, backbone.queue(), "evt_unknown") == 0
    assert replay(backbone.amqp_uri, backbone.queue(), dead[1]) == 1
    until(lambda: len(backbone.tries(dead[1])) == 2)
    assert len(backbone.tries(dead[0])) == 1
    assert replay(backbone.amqp_uri, backbone.queue()) == 1
    until(lambda: len(backbone.tries(dead[0])) == 2)
    assert backbone.dead() == []


def test_what_dies_again_after_a_replay_has_a_fresh_count(backbone: Backbone, dead: list[str]) -> None:
    event = backbone.publish(backbone.event("invalid"))
    until(lambda: backbone.depth(topology.dead_queue(backbone.queue())) == 3)
    assert replay(backbone.amqp_uri, backbone.queue(), event) == 1
    until(lambda: len(backbone.tries(event)) == 2)
    until(lambda: backbone.depth(topology.dead_queue(backbone.queue())) == 3)
    [found] = list_dead(backbone.amqp_uri, [backbone.queue()])
    assert [letter.attempts for letter in found.letters if letter.event_id == event] == [1]


def test_a_replay_without_its_queue_keeps_the_letters(backbone: Backbone) -> None:
    gone = backbone.queue("gone")
    backbone.queues.add(topology.dead_queue(gone))
    backbone.channel.queue_declare(topology.dead_queue(gone), durable=True, auto_delete=False)
    letter = amqp.Message(backbone.event().SerializeToString(), delivery_mode=2)
    backbone.channel.basic_publish(letter, "", topology.dead_queue(gone))
    until(lambda: backbone.depth(topology.dead_queue(gone)) == 1)
    with pytest.raises(LookupError, match="does not exist"):
        replay(backbone.amqp_uri, gone)
    until(lambda: backbone.depth(topology.dead_queue(gone)) == 1)
    with pytest.raises(LookupError, match="does not exist"):
        replay(backbone.amqp_uri, "aftercare.no.such")


def test_the_command_lists_and_replays_as_json(backbone: Backbone, dead: list[str]) -> None:
    options = ["--queue", backbone.queue(), "--amqp-uri", backbone.amqp_uri, "--json"]
    listed = CliRunner().invoke(app, ["list", *options])
    assert listed.exit_code == 0, listed.output
    [found] = json.loads(listed.output)
    assert found["count"] == len(found["letters"]) == 2
    sent = CliRunner().invoke(app, ["replay", *options])
    assert json.loads(sent.output) == {"replayed": {backbone.queue(): 2}}
    until(lambda: all(len(backbone.tries(event)) == 2 for event in dead))
    assert list_dead(backbone.amqp_uri, [backbone.queue()]) == [DeadQueue(backbone.queue(), 0, ())]


def test_the_command_tells_in_one_line_that_the_broker_is_away() -> None:
    result = CliRunner().invoke(app, ["list", "--amqp-uri", "amqp://a:secret@127.0.0.1:1/", "--queue", "x"])
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.output
    assert "secret" not in result.output
