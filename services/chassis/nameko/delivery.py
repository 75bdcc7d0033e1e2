"""What happens between an event's arrival and its acknowledgement."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

import eventlet
import structlog

from aftercare.common.v1.event_pb2 import EventEnvelope
from services.chassis import telemetry
from services.chassis.events import metrics, topology
from services.chassis.events.declarations import RetryPolicy, Subscription
from services.chassis.events.envelopes import body_of, decode_envelope
from services.chassis.events.publisher import Outgoing
from services.chassis.events.verdicts import (
    ATTEMPT,
    ERROR,
    FIRST_FAILED,
    HandlerTimeoutError,
    Outcome,
    failures,
    judge,
)
from services.chassis.metrics import EVENTS_HANDLED
from services.chassis.nameko.copies import CopyPublisher

_LONGEST_ERROR = 500
_OUTCOMES = {Outcome.DONE: "done", Outcome.RETRY: "retried", Outcome.DEAD: "dead"}

log = structlog.get_logger(__name__)


class Delivery:
    """Handles the messages of one queue and settles each: acknowledged, moved, or left to the broker."""

    def __init__(
        self,
        queue: str,
        subscription: Subscription,
        policy: RetryPolicy,
        copies: CopyPublisher,
        stopping: threading.Event,
    ) -> None:
        self._queue, self._subscription, self._policy = queue, subscription, policy
        self._copies, self._stopping = copies, stopping

    def settle(self, message: Any) -> None:  # noqa: ANN401 - py-amqp has no types
        """Handle a message and settle it. Raises one of BROKER_ERRORS when the connection has gone."""
        headers = dict(message.headers or {})
        attempt = failures(headers) + 1
        while True:
            error = self._handle(body_of(message))
            verdict = judge(error, attempt, self._policy)
            EVENTS_HANDLED.labels(self._queue, _OUTCOMES[verdict.outcome]).inc()
            if verdict.outcome is Outcome.DONE:
                break
            headers = _failed(headers, attempt, error)
            self._log(verdict.outcome, message, headers)
            if verdict.outcome is Outcome.RETRY and self._subscription.ordered:
                # In place: a detour through a retry queue would let later events overtake.
                if self._stopping.wait(verdict.delay):
                    message.channel.basic_reject(message.delivery_tag, requeue=True)
                    return
                attempt += 1
                continue
            target = (
                topology.retry_queue(self._queue, verdict.delay)
                if verdict.outcome is Outcome.RETRY
                else topology.dead_queue(self._queue)
            )
            if not self._move(message, target, headers):
                return
            break
        message.channel.basic_ack(message.delivery_tag)

    def _handle(self, body: bytes) -> Exception | None:
        started = time.perf_counter()
        limit = self._subscription.time_limit
        too_long = HandlerTimeoutError(f"took longer than {limit:g} s")
        try:
            envelope = decode_envelope(body)
            metrics.EVENT_AGE.labels(self._queue).observe(_age(envelope))
            with (
                eventlet.Timeout(limit, too_long),
                structlog.contextvars.bound_contextvars(event_id=envelope.event_id, event=envelope.type),
                telemetry.continue_trace(envelope.trace, self._queue, event_id=envelope.event_id),
            ):
                self._subscription.handle(envelope)
        except eventlet.Timeout as timeout:
            # The handler's own; it is no Exception and would take nameko's worker slot with it.
            return HandlerTimeoutError(str(timeout))
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is judged, not passed on
            return error
        finally:
            metrics.HANDLING.labels(self._queue).observe(time.perf_counter() - started)
        return None

    def _move(self, message: Any, target: str, headers: dict[str, object]) -> bool:  # noqa: ANN401 - no types
        copy = Outgoing(
            id=message.properties.get("message_id") or f"delivery-{message.delivery_tag}",
            exchange="",
            routing_key=target,
            body=body_of(message),
            headers=headers,
        )
        return self._copies.publish(copy, self._stopping)

    def _log(self, outcome: Outcome, message: Any, headers: dict[str, object]) -> None:  # noqa: ANN401 - no types
        tell = log.error if outcome is Outcome.DEAD else log.warning
        tell(
            "event is dead" if outcome is Outcome.DEAD else "event failed, will be tried again",
            queue=self._queue,
            event_id=message.properties.get("message_id", ""),
            attempt=headers[ATTEMPT],
            error=headers[ERROR],
        )


def _failed(headers: dict[str, object], attempt: int, error: Exception | None) -> dict[str, object]:
    # The broker's own death records would count the retries as loops and grow with each.
    kept = {
        name: value for name, value in headers.items() if not name.startswith(("x-death", "x-first-death"))
    }
    kept.pop("x-delivery-count", None)
    text = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {FIRST_FAILED: now, **kept, ATTEMPT: attempt, ERROR: text}


def _age(envelope: EventEnvelope) -> float:
    occurred = envelope.occurred_time
    return max(0.0, time.time() - occurred.seconds - occurred.nanos / 1e9)
