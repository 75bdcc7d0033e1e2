"""What MongoDB's failures mean to a caller."""

from pymongo.errors import (
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
    WTimeoutError,
)

from services.chassis.kernel.errors import AftercareError, Kind

_OUT_OF_DISK_SPACE = 14031
_EXCEEDED_TIME_LIMIT = 262
RETRY_SECONDS = 1.0


def as_aftercare_error(failure: BaseException) -> AftercareError | None:
    """The error to answer for a database failure, or None when it is not one that a retry can cure.

    The outcome of a write that failed so is unknown: the caller retries with the same idempotency key.
    """
    if not isinstance(failure, PyMongoError):
        return None
    code = failure.code if isinstance(failure, OperationFailure) else None
    if code == _OUT_OF_DISK_SPACE:
        return _unavailable(
            "STORAGE_FULL", "the database has no disk space left; nothing was lost, retry later"
        )
    return _away(failure) or _conflict(failure, code)


def _conflict(failure: PyMongoError, code: int | None) -> AftercareError | None:
    if not failure.has_error_label("TransientTransactionError") and code != _EXCEEDED_TIME_LIMIT:
        return None
    return AftercareError(
        Kind.ABORTED,
        "VERSION_CONFLICT",
        "somebody else changed the same record at the same time; retry with the same key",
        retry_after=RETRY_SECONDS,
    )


def _away(failure: PyMongoError) -> AftercareError | None:
    # Nobody to ask means that nothing was sent, although the driver calls it a timeout as well.
    nobody = isinstance(failure, ServerSelectionTimeoutError)
    if not nobody and (
        failure.timeout or isinstance(failure, ExecutionTimeout | NetworkTimeout | WTimeoutError)
    ):
        return _unavailable(
            "DATABASE_TIMEOUT", "the database did not answer in time; retry with the same key"
        )
    if isinstance(failure, ConnectionFailure):
        return _unavailable("DATABASE_UNAVAILABLE", "the database cannot be reached; retry with the same key")
    return None


def _unavailable(reason: str, message: str) -> AftercareError:
    return AftercareError(Kind.UNAVAILABLE, reason, message, retry_after=RETRY_SECONDS)
