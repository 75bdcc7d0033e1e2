"""What the broker holds: names, and their declaration.

One topic exchange per source service; the routing key is the event's type. One quorum queue per handler,
and beside it one retry queue per delay and one for the dead:

    aftercare.loyalty.events ──points.earned──▶ aftercare.gateway.feed ──dies──▶ aftercare.gateway.feed.dead
                                                   ▲        │ fails
                                                   └── aftercare.gateway.feed.retry.1000ms (waits, comes back)

There is no alternate exchange, on purpose. The relay publishes as mandatory, and an event that no queue
takes stays unsent in its outbox and raises an alarm, so a first deployment in any order loses nothing. The
gateway's event feed subscribes to everything (`#`), so an event type nobody else wants has a queue too.

A declaration is harmless when repeated. The broker refuses one with other arguments than the existing
object has (PRECONDITION_FAILED): change a name together with its arguments.
"""

import time
from collections.abc import Iterable
from typing import Any

from amqp.exceptions import NotFound

from services.chassis.events.connections import connected
from services.chassis.events.declarations import DEFAULT_RETRIES, RetryPolicy, Subscription

# RabbitMQ (3.10, measured) files a new quorum queue under its name only half a second later: killed before
# that, it comes back without a leader and without its confirmed messages. So a new queue is bound, and gets
# its first message, when that time has passed.
_FILED_SECONDS = 1.0


def events_exchange(source: str) -> str:
    """The exchange through which a service speaks."""
    return f"aftercare.{source}.events"


def main_queue(consumer: str, handler: str) -> str:
    """The queue of one handler of one service."""
    return f"aftercare.{consumer}.{handler}"


def retry_queue(queue: str, delay: float) -> str:
    """Where an event waits `delay` seconds before it goes back to `queue`."""
    return f"{queue}.retry.{round(delay * 1000)}ms"


def dead_queue(queue: str) -> str:
    """Where events end that `queue`'s handler could not handle."""
    return f"{queue}.dead"


def declare(
    amqp_uri: str, service: str, subscriptions: Iterable[Subscription], policy: RetryPolicy = DEFAULT_RETRIES
) -> None:
    """Declare a service's own exchange and everything its handlers need. Raises one of BROKER_ERRORS.

    `migrate` calls it before anything publishes; `work` declares again on every connection.
    """
    with connected(amqp_uri) as connection:
        declare_exchange(connection.channel(), service)
        for subscription in subscriptions:
            declare_subscription(connection, service, subscription, policy)


def declare_exchange(channel: Any, source: str) -> None:  # noqa: ANN401 - py-amqp has no types
    """Declare the exchange of a source service."""
    channel.exchange_declare(events_exchange(source), "topic", durable=True, auto_delete=False)


def declare_subscription(
    connection: Any,  # noqa: ANN401 - py-amqp has no types
    consumer: str,
    subscription: Subscription,
    policy: RetryPolicy = DEFAULT_RETRIES,
) -> None:
    """Declare the queues of one handler and bind the main one; its source's exchange too, if missing."""
    queue = main_queue(consumer, subscription.handler)
    new = not _exists(connection, queue)
    channel = connection.channel()
    _declare_queue(channel, dead_queue(queue), {})
    if not subscription.ordered:  # an ordered handler retries in place: a detour would let others overtake
        for delay in policy.delays:
            waiting = {"x-message-ttl": round(delay * 1000), **_dying_into(queue)}
            _declare_queue(channel, retry_queue(queue, delay), waiting)
    arguments = {"x-delivery-limit": policy.delivery_limit, **_dying_into(dead_queue(queue))}
    if subscription.ordered:
        arguments["x-single-active-consumer"] = True
    _declare_queue(channel, queue, arguments)
    declare_exchange(channel, subscription.source)
    if new:
        time.sleep(_FILED_SECONDS)
    for event_type in subscription.event_types:
        channel.queue_bind(queue, events_exchange(subscription.source), event_type)
    channel.close()


def _exists(connection: Any, queue: str) -> bool:  # noqa: ANN401 - py-amqp has no types
    channel = connection.channel()
    try:
        channel.queue_declare(queue, passive=True)
    except NotFound:  # which closes the channel
        return False
    channel.close()
    return True


def _dying_into(queue: str) -> dict[str, object]:
    # The default exchange routes by queue name. At-least-once needs reject-publish; without it the broker
    # drops a dying message when it crashes at the wrong moment.
    return {
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": queue,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def _declare_queue(channel: Any, name: str, arguments: dict[str, object]) -> None:  # noqa: ANN401 - no types
    channel.queue_declare(
        name, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum", **arguments}
    )
