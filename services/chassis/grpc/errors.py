"""The one error type on the wire: status, one ErrorInfo, and BadRequest or RetryInfo where they apply."""

from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2

from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind

DETAILS_KEY = "grpc-status-details-bin"
PUSHBACK_KEY = "grpc-retry-pushback-ms"

# Trailing metadata is limited (see `server.OPTIONS`); nobody mends more fields than this at a time.
_MAX_VIOLATIONS = 20
_MAX_TEXT = 200
# Up to here a client's own quick retry is worth while; beyond it only the caller can decide to wait.
_MAX_PUSHBACK_SECONDS = 1.0

_KINDS = {getattr(grpc.StatusCode, kind.name): kind for kind in Kind}


def status_code(kind: Kind) -> grpc.StatusCode:
    """The gRPC status of a kind."""
    code: grpc.StatusCode = getattr(grpc.StatusCode, kind.name)
    return code


def to_trailers(error: AftercareError, domain: str) -> tuple[tuple[str, str | bytes], ...]:
    """The trailing metadata that carries an error whole. `domain` is the name of the service that speaks."""
    details: list[AnyMessage] = []
    _pack(
        details,
        error_details_pb2.ErrorInfo(reason=error.reason, domain=domain, metadata=dict(error.metadata)),
    )
    if error.violations:
        _pack(details, _bad_request(error.violations))
    if error.retry_after is not None:
        delay = Duration()
        delay.FromMilliseconds(round(error.retry_after * 1000))
        _pack(details, error_details_pb2.RetryInfo(retry_delay=delay))
    status = status_pb2.Status(
        code=status_code(error.kind).value[0], message=error.message[:_MAX_TEXT], details=details
    )
    trailers: list[tuple[str, str | bytes]] = [(DETAILS_KEY, status.SerializeToString())]
    if error.retry_after is not None:
        trailers.append((PUSHBACK_KEY, _pushback(error.retry_after)))
    return tuple(trailers)


def from_rpc_error(error: grpc.RpcError) -> AftercareError:
    """The error a service raised, as its client sees it.

    A failure that is not from our services (no connection, a foreign status) has its status code's name as
    `reason`; codes that we do not use come as INTERNAL.
    """
    code: grpc.StatusCode = error.code()
    failure = AftercareError(
        _KINDS.get(code, Kind.INTERNAL), code.name, error.details() or code.name.lower().replace("_", " ")
    )
    for detail in _details(error):
        _apply(failure, detail)
    return failure


def _apply(failure: AftercareError, detail: AnyMessage) -> None:
    info = error_details_pb2.ErrorInfo()
    bad_request = error_details_pb2.BadRequest()
    retry = error_details_pb2.RetryInfo()
    if detail.Unpack(info):
        failure.reason = info.reason
        failure.metadata = dict(info.metadata)
    elif detail.Unpack(bad_request):
        failure.violations = tuple(
            FieldViolation(violation.field, violation.description)
            for violation in bad_request.field_violations
        )
    elif detail.Unpack(retry):
        failure.retry_after = retry.retry_delay.ToMilliseconds() / 1000


def _details(error: grpc.RpcError) -> list[AnyMessage]:
    trailers: Any = error.trailing_metadata() or ()  # pairs, or asyncio's Metadata, which yields pairs
    for key, value in trailers:
        if key == DETAILS_KEY:
            try:
                return list(status_pb2.Status.FromString(value).details)
            except DecodeError:
                return []  # a proxy cut it; the status itself still says what kind of failure it was
    return []


def _bad_request(violations: tuple[FieldViolation, ...]) -> error_details_pb2.BadRequest:
    request = error_details_pb2.BadRequest()
    for violation in violations[:_MAX_VIOLATIONS]:
        request.field_violations.add(
            field=violation.field[:_MAX_TEXT], description=violation.description[:_MAX_TEXT]
        )
    return request


def _pack(
    details: list[AnyMessage],
    message: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest | error_details_pb2.RetryInfo,
) -> None:
    packed = AnyMessage()
    packed.Pack(message)
    details.append(packed)


def _pushback(retry_after: float) -> str:
    # gRPC's own word for "ask again in so many milliseconds"; a negative number means "do not".
    return str(round(retry_after * 1000)) if retry_after <= _MAX_PUSHBACK_SECONDS else "-1"
