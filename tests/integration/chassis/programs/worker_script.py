"""What `worker_program` does once the process is green: handlers that do as each event's payload tells them.

The first argument is JSON: amqp_uri, mongodb_uri, database, service, handlers (name →
the subscription's settings), delays, delivery_limit, timers (name → what it does).
"""

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pymongo
from pymongo.database import Database

from aftercare.common.v1.event_pb2 import EventEnvelope
from services.chassis.events.declarations import RetryPolicy, Subscription, Timer
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.kernel.unit_of_work import AlreadyHandledError
from services.chassis.nameko.runner import WorkerConfig, run_worker


class Script:
    """Handlers and timers that write into the collection `done`."""

    def __init__(self, database: Database[dict[str, Any]]) -> None:
        self._done = database["done"]

    def note(self, handler: str, event: str, **more: object) -> None:
        row = {"handler": handler, "event": event, "at": datetime.now(UTC), "pid": os.getpid(), **more}
        self._done.insert_one(row)

    def handler(self, name: str) -> Callable[[EventEnvelope], None]:
        def handle(envelope: EventEnvelope) -> None:
            order = json.loads(envelope.payload)
            self.note(name, envelope.event_id, agg=envelope.aggregate_id, seq=envelope.sequence)
            time.sleep(order.get("work", 0.0))
            tries = self._done.count_documents({"handler": name, "event": envelope.event_id})
            if tries <= order.get("times", 1_000_000):
                act(order["act"])

        return handle

    def timer(self, name: str, act_as: str) -> Callable[[], None]:
        def run() -> None:
            self.note(f"timer.{name}", act_as)
            act(act_as)

        return run


def act(how: str) -> None:
    if how == "raise":
        raise RuntimeError("as told")
    if how == "not_found":
        raise AftercareError(Kind.NOT_FOUND, "NOT_THERE_YET", "as told")
    if how == "invalid":
        raise AftercareError(Kind.INVALID_ARGUMENT, "NEVER_RIGHT", "as told")
    if how == "already":
        raise AlreadyHandledError
    if how == "hang":
        time.sleep(60)
    if how == "exit":
        os._exit(9)


def main() -> None:
    config = json.loads(sys.argv[1])
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(config["mongodb_uri"])
    script = Script(client[config["database"]])
    subscriptions = [
        Subscription(event_types=("#",), handler=name, **settings).handled_by(script.handler(name))
        for name, settings in config["handlers"].items()
    ]
    timers = [
        Timer(name, 0.2, script.timer(name, how), time_limit=0.5)
        for name, how in config.get("timers", {}).items()
    ]
    retries = RetryPolicy(tuple(config["delays"]), config["delivery_limit"])
    run_worker(config["service"], subscriptions, timers, WorkerConfig(config["amqp_uri"], retries))
