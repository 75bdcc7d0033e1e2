"""What only the event backbone measures; the rest is in `services.chassis.metrics`."""

from prometheus_client import Counter, Gauge, Histogram

RELAY_REFUSED = Counter(
    "aftercare_relay_refused_total", "Events the broker returned or refused; they stay unsent", ("service",)
)
RELAY_LEADING = Gauge(
    "aftercare_relay_leading", "1 while this process holds the outbox's lease", ("service",)
)
HANDLING = Histogram(
    "aftercare_event_handling_seconds",
    "Seconds in the handler",
    ("handler",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
EVENT_AGE = Histogram(
    "aftercare_event_age_seconds",
    "Seconds from what happened to its arrival at the handler",
    ("handler",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 5, 30, 300),
)
TIMER_RUNS = Counter("aftercare_timer_runs_total", "Turns of timers by outcome", ("timer", "outcome"))
