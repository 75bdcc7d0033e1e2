import pytest
from google.protobuf.message import DecodeError

from aftercare.common.v1.event_pb2 import EventEnvelope
from services.chassis.events import topology
from services.chassis.events.declarations import RetryPolicy, Subscription, unhandled
from services.chassis.events.envelopes import UndecodableEventError, decode_envelope, unpack
from services.chassis.events.verdicts import Outcome, Verdict, failures, judge
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.kernel.unit_of_work import AlreadyHandledError

POLICY = RetryPolicy(delays=(1.0, 10.0))


@pytest.mark.parametrize(
    ("error", "attempt", "verdict"),
    [
        (None, 1, Verdict(Outcome.DONE)),
        (AlreadyHandledError(), 1, Verdict(Outcome.DONE)),
        (AlreadyHandledError(), 9, Verdict(Outcome.DONE)),
        (ValueError("x"), 1, Verdict(Outcome.RETRY, 1.0)),
        (ValueError("x"), 2, Verdict(Outcome.RETRY, 10.0)),
        (ValueError("x"), 3, Verdict(Outcome.DEAD)),
        (AftercareError(Kind.INVALID_ARGUMENT, "X", ""), 1, Verdict(Outcome.DEAD)),
        (AftercareError(Kind.NOT_FOUND, "X", ""), 1, Verdict(Outcome.RETRY, 1.0)),
        (AftercareError(Kind.FAILED_PRECONDITION, "X", ""), 2, Verdict(Outcome.RETRY, 10.0)),
        (UndecodableEventError("x"), 1, Verdict(Outcome.DEAD)),
        (DecodeError("x"), 1, Verdict(Outcome.DEAD)),
    ],
)
def test_what_becomes_of_an_event(error: Exception | None, attempt: int, verdict: Verdict) -> None:
    assert judge(error, attempt, POLICY) == verdict


@pytest.mark.parametrize("header", [{}, {"x-attempt": "many"}, {"x-attempt": -3}, {"x-attempt": None}])
def test_a_foreign_attempt_header_counts_as_no_failure(header: dict[str, object]) -> None:
    assert failures(header) == 0


def test_a_payload_of_another_schema_is_undecodable() -> None:
    envelope = EventEnvelope(event_id="evt_1", type="a.b", schema="aftercare.other.v9.Thing", payload=b"")
    assert decode_envelope(envelope.SerializeToString()) == envelope
    with pytest.raises(UndecodableEventError, match=r"carries aftercare\.other\.v9\.Thing"):
        unpack(envelope, EventEnvelope)


def test_a_payload_comes_out_as_it_went_in() -> None:
    inner = EventEnvelope(event_id="evt_inner")
    schema = EventEnvelope.DESCRIPTOR.full_name
    assert unpack(EventEnvelope(schema=schema, payload=inner.SerializeToString()), EventEnvelope) == inner


def test_a_declaration_is_bound_to_its_code_later() -> None:
    declared = Subscription("loyalty", ("points.*",), "feed", ordered=True)
    assert declared.handle is unhandled
    assert declared.workers == 1
    with pytest.raises(NotImplementedError, match=r"points\.earned"):
        declared.handle(EventEnvelope(type="points.earned"))
    assert declared.handled_by(lambda _: None) == declared


def test_the_names_of_the_broker_objects_are_for_ever() -> None:
    queue = topology.main_queue("gateway", "feed")
    assert (topology.events_exchange("loyalty"), queue) == (
        "aftercare.loyalty.events",
        "aftercare.gateway.feed",
    )
    assert topology.retry_queue(queue, 0.25) == "aftercare.gateway.feed.retry.250ms"
    assert topology.dead_queue(queue) == "aftercare.gateway.feed.dead"
