"""Carries the events of an outbox to the broker, each at least once, in the order of their commits.

The scan of unsent rows by the server's timestamp is the truth; the change stream only says when to look.
One relay of all leads by a lease, the others stand by, so nobody overtakes anybody.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from pymongo.database import Database
from pymongo.errors import PyMongoError

from services.chassis.events import metrics, topology
from services.chassis.events.backlog import Backlog, Limits
from services.chassis.events.connections import BROKER_ERRORS, abandon, address, connect
from services.chassis.events.crash_points import crash_point
from services.chassis.events.doorbell import Doorbell
from services.chassis.events.publisher import ConfirmedPublisher, Outgoing
from services.chassis.metrics import EVENTS_PUBLISHED
from services.chassis.mongo.leases import LEASES, Lease, new_owner

ROWS = "outbox"
_FIELDS = {"agg": 1, "type": 1, "source": 1, "body": 1}
_MOST_HELD = 1_000
_LONGEST_PAUSE = 2.0
_OUTAGES: tuple[type[Exception], ...] = (*BROKER_ERRORS, PyMongoError)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OutboxSource:
    """One service's outbox: whose events they are, and the database they are in."""

    service: str
    database: Database[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """Seconds, except `batch`. `held`: how long an aggregate waits after the broker returned its event."""

    batch: int = 100
    lease: float = 3.0
    idle: float = 0.5
    held: float = 2.0
    limits: Limits = field(default_factory=Limits)


DEFAULT_SETTINGS = RelaySettings()


class OutboxRelay:
    """The relay of one outbox; `run` it in a thread of its own."""

    def __init__(
        self, source: OutboxSource, amqp_uri: str, settings: RelaySettings, stop: threading.Event
    ) -> None:
        self._name, self._amqp_uri, self._settings, self._stop = source.service, amqp_uri, settings, stop
        self._rows = source.database[ROWS]
        self._lease = Lease(source.database[LEASES])
        self._owner = new_owner()
        self._leading_until = 0.0
        self._backlog = Backlog(self._name, self._rows, settings.limits)
        self._doorbell = Doorbell(self._rows, stop)
        self._connection: Any = None
        self._publisher: ConfirmedPublisher | None = None
        self._next_tick = 0.0
        self._held: dict[str, float] = {}
        self.healthy = False

    def run(self) -> None:
        """Relay until told to stop. Lost brokers and databases are waited for."""
        self._doorbell.start()
        pause = 0.1
        while not self._stop.is_set():
            try:
                self._step()
                self.healthy, pause = True, 0.1
            except _OUTAGES as error:
                self._trouble(error, pause)
                self._stop.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            except Exception:
                # A mistake of ours must not end the only thread that carries this outbox.
                log.exception("relay failed", outbox=self._name)
                self._disconnect()
                self._stop.wait(_LONGEST_PAUSE)
        self._disconnect()
        self._step_down()

    def _step(self) -> None:
        if not self._lead():
            self._disconnect()
            self._stop.wait(self._settings.idle)
            return
        self._backlog.observe_if_due()
        publisher = self._connected()
        self._doorbell.reset()
        rows = self._unsent()
        if rows:
            self._send(publisher, rows)
        else:
            self._keep_alive()
            self._doorbell.wait(self._settings.idle)

    def _lead(self) -> bool:
        """Whether we lead; the lease is renewed when a third of it has gone."""
        lease = self._settings.lease
        now = time.monotonic()
        if self._leading_until - now > lease * 2 / 3:
            return True
        leading = self._lease.acquire("relay", self._owner, timedelta(seconds=lease)) is not None
        if leading and not self._leading_until:
            log.info("leading", outbox=self._name)
        # Counted from before the call, so that we stop earlier than the server lets others begin.
        self._leading_until = now + lease if leading else 0.0
        metrics.RELAY_LEADING.labels(self._name).set(leading)
        return leading

    def _unsent(self) -> list[dict[str, Any]]:
        now = time.monotonic()
        self._held = {aggregate: until for aggregate, until in self._held.items() if until > now}
        wanted: dict[str, Any] = {"sent": 0}
        if self._held:
            wanted["agg"] = {"$nin": list(self._held)}
        return list(self._rows.find(wanted, _FIELDS, sort=[("ts", 1)], limit=self._settings.batch))

    def _send(self, publisher: ConfirmedPublisher, rows: Sequence[dict[str, Any]]) -> None:
        batch = [
            Outgoing(row["_id"], topology.events_exchange(row["source"]), row["type"], bytes(row["body"]))
            for row in rows
        ]
        refused = publisher.publish(batch)
        crash_point("relay.published")
        sent = [row["_id"] for row in rows if row["_id"] not in refused]
        if sent:
            self._rows.update_many({"_id": {"$in": sent}}, [{"$set": {"sent": 1, "sent_at": "$$NOW"}}])
            for row in rows:
                if row["_id"] not in refused:
                    EVENTS_PUBLISHED.labels(row["type"]).inc()
        if refused:
            self._hold([row for row in rows if row["_id"] in refused])

    def _hold(self, rows: Sequence[dict[str, Any]]) -> None:
        """Leave the aggregates of refused events alone for a while: others go on, their own order stays."""
        metrics.RELAY_REFUSED.labels(self._name).inc(len(rows))
        log.warning(
            "ALARM no queue takes these events; they stay in the outbox",
            outbox=self._name,
            events=len(rows),
            types=sorted({row["type"] for row in rows})[:10],
        )
        until = time.monotonic() + self._settings.held
        if len(self._held) < _MOST_HELD:  # beyond that the outbox waits as a whole
            self._held.update((row["agg"], until) for row in rows)
        else:
            self._stop.wait(self._settings.held)

    def _connected(self) -> ConfirmedPublisher:
        if self._publisher is None:
            self._connection = connect(self._amqp_uri)
            topology.declare_exchange(self._connection.channel(), self._name)
            self._publisher = ConfirmedPublisher(self._connection)
            log.info("connected", outbox=self._name, broker=address(self._amqp_uri))
        return self._publisher

    def _keep_alive(self) -> None:
        """Send a heartbeat when due, and read what the broker says; nothing else reads while we idle."""
        now = time.monotonic()
        if now < self._next_tick:
            return
        self._next_tick = now + 2.0
        try:
            self._connection.drain_events(timeout=0.005)
        except TimeoutError:
            self._connection.heartbeat_tick()

    def _trouble(self, error: Exception, pause: float) -> None:
        self.healthy = False
        part = "database" if isinstance(error, PyMongoError) else f"broker {address(self._amqp_uri)}"
        reason = (str(error) or type(error).__name__)[:200]
        log.warning("not reachable, trying again", part=part, outbox=self._name, error=reason, retry_in=pause)
        if not isinstance(error, PyMongoError):
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            abandon(self._connection)
            self._connection = self._publisher = None

    def _step_down(self) -> None:
        if not self._leading_until:
            return
        try:
            self._lease.release("relay", self._owner)  # the next relay need not wait for the lease's end
        except PyMongoError as error:
            log.warning("lease not given back", outbox=self._name, error=str(error)[:200])
