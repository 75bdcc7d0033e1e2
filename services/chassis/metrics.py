"""What Prometheus is told. Labels are bounded by construction: no tenant, no id ever becomes one."""

from prometheus_client import Counter, Gauge, Histogram

RPC_SECONDS = Histogram(
    "aftercare_rpc_seconds",
    "Seconds from an RPC's arrival to its answer",
    ("service", "method", "code"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
EVENTS_PUBLISHED = Counter(
    "aftercare_events_published_total", "Outbox rows the broker has confirmed", ("type",)
)
EVENTS_HANDLED = Counter(
    "aftercare_events_handled_total",
    "Deliveries by handler and outcome: done, repeated, retried, dead",
    ("handler", "outcome"),
)
OUTBOX_UNSENT = Gauge("aftercare_outbox_unsent", "Outbox rows the broker has not confirmed yet", ("service",))
OUTBOX_OLDEST_SECONDS = Gauge(
    "aftercare_outbox_oldest_seconds",
    "Age of the oldest unsent outbox row; 0 when there is none",
    ("service",),
)
DEAD_LETTERS = Gauge("aftercare_dead_letters", "Messages in the dead-letter queue", ("queue",))
