"""A corner of the broker and of the database for one test, and the processes that work in it."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import pymongo
from bson import Timestamp

from aftercare.common.v1.event_pb2 import EventEnvelope
from services.chassis.events import topology
from services.chassis.events.connections import BROKER_ERRORS, abandon, connect, open_channel
from services.chassis.events.publisher import ConfirmedPublisher, Outgoing

PROGRAMS = Path(__file__).parent / "programs"
DELAYS = (0.2, 0.5)
DELIVERY_LIMIT = 4


class Process:
    """A program of ours; `supervised` ones are started again when they end by themselves."""

    def __init__(self, program: str, *arguments: str, supervised: bool = False, crash_at: str = "") -> None:
        self._command = [sys.executable, str(PROGRAMS / program), *arguments]
        self._crash_at, self._stopping = crash_at, False
        self.log = Path(tempfile.mkstemp(prefix=program, suffix=".log")[1])
        self._start()
        if supervised:
            threading.Thread(target=self._supervise, daemon=True).start()

    def kill(self) -> None:
        self._stopping = True
        self.now.kill()
        self.now.wait(10)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        self._stopping = True
        self.now.terminate()
        return self.now.wait(20)

    def wait(self) -> int:
        return self.now.wait(20)

    def _start(self) -> None:
        environment = {**os.environ, "AFTERCARE_MODE": "test", "AFTERCARE_CRASH_AT": self._crash_at}
        with self.log.open("ab") as log:
            self.now = subprocess.Popen(self._command, env=environment, stdout=log, stderr=log)  # noqa: S603 - ours

    def _supervise(self) -> None:
        while not self._stopping:
            self.now.wait()
            if not self._stopping:
                self._start()


class Backbone:
    """Events, outbox rows, queues and processes under names that no other test uses."""

    def __init__(self, amqp_uri: str, mongodb_uri: str) -> None:
        self.amqp_uri, self.mongodb_uri = amqp_uri, mongodb_uri
        self.tag = f"t{uuid4().hex[:8]}"
        self.client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(mongodb_uri)
        self.database = self.client[f"test_{self.tag}"]
        self.database["outbox"].create_index([("ts", 1)], partialFilterExpression={"sent": 0})
        self.database["done"].create_index([("handler", 1), ("event", 1)])
        self.connection: Any = None
        self.reconnect()
        self.queues: set[str] = set()
        self._processes: list[Process] = []
        self._sequence = 0

    def reconnect(self) -> None:
        abandon(self.connection)
        self.connection = connect(self.amqp_uri, heartbeat=0)
        self.channel = open_channel(self.connection)
        self._publisher = ConfirmedPublisher(self.connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_all()
        self.client.drop_database(self.database.name)
        self.client.close()
        with suppress(*BROKER_ERRORS):  # a test that failed while the broker was away fails as such
            for queue in self.queues:
                self.channel.queue_delete(queue)
        abandon(self.connection)

    def source(self, handler: str = "feed") -> str:
        """The service whose events that handler gets: one for each, so that tests do not meet."""
        return f"{self.tag}-{handler}"

    def queue(self, handler: str = "feed") -> str:
        return topology.main_queue(self.tag, handler)

    def event(self, act: str = "fine", *, agg: str = "acc_1", **order: float) -> EventEnvelope:
        self._sequence += 1
        envelope = EventEnvelope(
            event_id=f"evt_{self.tag}_{self._sequence}",
            type="points.earned",
            tenant_id="shop",
            aggregate_id=agg,
            sequence=self._sequence,
            schema="aftercare.loyalty.v1.PointsEarned",
            payload=json.dumps({"act": act, **order}).encode(),
        )
        envelope.occurred_time.GetCurrentTime()
        return envelope

    def commit(self, events: Iterable[EventEnvelope], source: str = "") -> list[str]:
        """Write events to the outbox as a unit of work does; returns their ids."""
        rows = [
            {
                "_id": event.event_id,
                "ts": Timestamp(0, 0),
                "agg": event.aggregate_id,
                "seq": event.sequence,
                "type": event.type,
                "source": source or self.source(),
                "body": event.SerializeToString(),
                "sent": 0,
                "sent_at": None,
                "trace": "",
            }
            for event in events
        ]
        self.database["outbox"].insert_many(rows)
        return [str(row["_id"]) for row in rows]

    def publish(self, event: EventEnvelope, handler: str = "feed", body: bytes | None = None) -> str:
        """Put an event into the exchange, without a relay; returns its id."""
        data = event.SerializeToString() if body is None else body
        exchange = topology.events_exchange(self.source(handler))
        assert not self._publisher.publish([Outgoing(event.event_id, exchange, event.type, data)])
        return event.event_id

    def bind_plain_queue(self, source: str = "") -> str:
        """A queue of the test's own that gets every event of the source."""
        name = f"{self.tag}-{source}-plain"
        topology.declare_exchange(self.channel, source or self.source())
        self.channel.queue_declare(
            name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
        )
        self.channel.queue_bind(name, topology.events_exchange(source or self.source()), "#")
        self.queues.add(name)
        return name

    def drain(self, queue: str) -> list[EventEnvelope]:
        """Everything that lies in a queue, taken."""
        found = []
        while (message := self.channel.basic_get(queue, no_ack=True)) is not None:
            found.append(EventEnvelope.FromString(message.body))
        return found

    def relay(self, *sources: str, crash_at: str = "", lease: float = 1.5, **uris: str) -> Process:
        arguments = [uris.get("amqp_uri", self.amqp_uri), uris.get("mongodb_uri", self.mongodb_uri)]
        arguments += [self.database.name, str(lease)]
        names = sources or (self.source(),)
        return self._run(Process("relay_program.py", *arguments, *names, crash_at=crash_at))

    def worker(
        self,
        handlers: dict[str, dict[str, Any]],
        *,
        timers: dict[str, str] | None = None,
        supervised: bool = False,
        amqp_uri: str = "",
    ) -> Process:
        config = {
            "amqp_uri": amqp_uri or self.amqp_uri,
            "mongodb_uri": self.mongodb_uri,
            "database": self.database.name,
            "service": self.tag,
            "handlers": {
                name: {"source": self.source(name), **settings} for name, settings in handlers.items()
            },
            "delays": DELAYS,
            "delivery_limit": DELIVERY_LIMIT,
            "timers": timers or {},
        }
        for name in handlers:
            queue = self.queue(name)
            retries = [topology.retry_queue(queue, delay) for delay in DELAYS]
            self.queues |= {queue, topology.dead_queue(queue), *retries}
        return self._run(Process("worker_program.py", json.dumps(config), supervised=supervised))

    def stop_all(self) -> None:
        while self._processes:
            process = self._processes.pop()
            with suppress(ProcessLookupError):
                process.kill()
            process.log.unlink()

    def unsent(self) -> int:
        return self.database["outbox"].count_documents({"sent": 0})

    def tries(self, event_id: str) -> list[dict[str, Any]]:
        """What the handlers noted of an event, oldest first."""
        return list(self.database["done"].find({"event": event_id}, sort=[("at", 1)]))

    def dead(self, handler: str = "feed") -> list[Any]:
        """The messages in the handler's dead-letter queue, taken."""
        found = []
        while message := self.channel.basic_get(topology.dead_queue(self.queue(handler)), no_ack=True):
            found.append(message)
        return found

    def consumers(self, handler: str = "feed") -> int:
        """How many consume the handler's queue; 0 while it does not exist."""
        probe = self.connection.channel()
        try:
            count = int(probe.queue_declare(self.queue(handler), passive=True).consumer_count)
        except Exception:  # noqa: BLE001 - the broker closes the channel of a probe for nothing
            return 0
        probe.close()
        return count

    def depth(self, queue: str) -> int:
        return int(self.channel.queue_declare(queue, passive=True).message_count)

    def _run(self, process: Process) -> Process:
        self._processes.append(process)
        return process


def until(condition: Callable[[], Any], seconds: float = 30.0, what: str = "") -> None:
    """Wait until the condition holds; fails after `seconds`."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what or condition}"
        time.sleep(0.02)
