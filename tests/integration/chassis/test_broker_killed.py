from pathlib import Path

import pytest

from deploy.local.stack import LocalStack
from services.chassis.events import topology
from tests.integration.chassis.backbone import Backbone, until

pytestmark = pytest.mark.integration


def test_a_broker_killed_in_the_middle_loses_nothing(tmp_path: Path, mongodb_uri: str) -> None:
    """Outbox to handler, every tenth event failing once, while the broker dies as if by power loss."""
    with LocalStack(tmp_path, {"rabbit"}) as stack, Backbone(stack.amqp_uri, mongodb_uri) as backbone:
        worker, relay = backbone.worker({"feed": {}}), backbone.relay()
        until(backbone.consumers)
        ids = []
        for i in range(40):
            wave = [backbone.event("raise", agg=f"acc_{i % 7}", times=1)]
            wave += [backbone.event(agg=f"acc_{i % 7}") for _ in range(9)]
            ids += backbone.commit(wave)
            if i == 20:
                until(lambda: backbone.unsent() < 100)  # so that the broker has most of them
                old = stack.kill("rabbit")
        stack.wait_restarted("rabbit", old)
        until(lambda: backbone.unsent() == 0, what="the outbox empty")
        expected = {event: 2 if i % 10 == 0 else 1 for i, event in enumerate(ids)}
        # At least: what was in hand when the broker died comes again, and the inbox is not in this test.
        until(lambda: all(len(backbone.tries(event)) >= expected[event] for event in ids))
        backbone.reconnect()
        until(lambda: backbone.depth(backbone.queue()) == 0)
        assert backbone.depth(topology.dead_queue(backbone.queue())) == 0
        assert worker.now.poll() is None
        assert relay.now.poll() is None
