import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from services.chassis.grpc.errors import PUSHBACK_KEY, from_rpc_error, status_code, to_trailers
from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind


def over_the_wire(error: AftercareError) -> AftercareError:
    trailers = Metadata(*to_trailers(error, "loyalty"))
    return from_rpc_error(AioRpcError(status_code(error.kind), Metadata(), trailers, error.message))


def fields(error: AftercareError) -> tuple[object, ...]:
    return (
        error.kind,
        error.reason,
        error.message,
        dict(error.metadata),
        error.violations,
        error.retry_after,
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_survives_the_wire(kind: Kind) -> None:
    error = AftercareError(kind, "SOME_REASON", "zażółć", {"missing": "5"})
    assert fields(over_the_wire(error)) == fields(error)


def test_violations_and_retry_delay_survive_the_wire() -> None:
    error = AftercareError(
        Kind.INVALID_ARGUMENT,
        "INVALID_REQUEST",
        "mend it",
        violations=(FieldViolation("basket.lines[0].quantity", "at least 1"),),
        retry_after=1.5,
    )
    assert fields(over_the_wire(error)) == fields(error)


def test_violations_are_bounded_so_that_they_fit_into_trailers() -> None:
    many = tuple(FieldViolation("f" * 500, "d" * 500) for _ in range(1000))
    trailers = to_trailers(AftercareError(Kind.INVALID_ARGUMENT, "R", "m", violations=many), "loyalty")
    assert sum(len(value) for _, value in trailers) < 10_000


@pytest.mark.parametrize(("seconds", "pushback"), [(0.25, "250"), (1.0, "1000"), (30.0, "-1")])
def test_a_long_retry_delay_forbids_the_clients_own_retry(seconds: float, pushback: str) -> None:
    trailers = dict(to_trailers(AftercareError(Kind.UNAVAILABLE, "R", "m", retry_after=seconds), "x"))
    assert trailers[PUSHBACK_KEY] == pushback


def test_a_failure_without_details_is_named_by_its_status() -> None:
    error = from_rpc_error(AioRpcError(grpc.StatusCode.UNAVAILABLE, details="connection refused"))
    assert (error.kind, error.reason, error.message) == (
        Kind.UNAVAILABLE,
        "UNAVAILABLE",
        "connection refused",
    )
    foreign = from_rpc_error(AioRpcError(grpc.StatusCode.UNIMPLEMENTED))
    assert (foreign.kind, foreign.reason) == (Kind.INTERNAL, "UNIMPLEMENTED")


def test_cut_details_do_not_hide_the_failure() -> None:
    broken = Metadata(("grpc-status-details-bin", b"\xff\xff"))
    error = from_rpc_error(AioRpcError(grpc.StatusCode.NOT_FOUND, Metadata(), broken, "gone"))
    assert (error.kind, error.reason) == (Kind.NOT_FOUND, "NOT_FOUND")
