"""What the database's failures become for a caller."""

import pytest
from pymongo.errors import (
    AutoReconnect,
    DuplicateKeyError,
    NetworkTimeout,
    OperationFailure,
    ServerSelectionTimeoutError,
)

from services.chassis.kernel.errors import Kind
from services.chassis.mongo.errors import as_aftercare_error

CASES = [
    (OperationFailure("no space left on device", 14031), Kind.UNAVAILABLE, "STORAGE_FULL"),
    (ServerSelectionTimeoutError("no primary"), Kind.UNAVAILABLE, "DATABASE_UNAVAILABLE"),
    (AutoReconnect("connection closed"), Kind.UNAVAILABLE, "DATABASE_UNAVAILABLE"),
    # A connection lost inside a transaction carries the label too, and is still a lost connection.
    (
        AutoReconnect("closed", {"errorLabels": ["TransientTransactionError"]}),
        Kind.UNAVAILABLE,
        "DATABASE_UNAVAILABLE",
    ),
    (NetworkTimeout("timed out"), Kind.UNAVAILABLE, "DATABASE_TIMEOUT"),
    (
        OperationFailure("write conflict", 112, {"errorLabels": ["TransientTransactionError"]}),
        Kind.ABORTED,
        "VERSION_CONFLICT",
    ),
]


@pytest.mark.parametrize(("failure", "kind", "reason"), CASES, ids=lambda value: str(value)[:30])
def test_a_failure_that_a_retry_can_cure_says_so(failure: Exception, kind: Kind, reason: str) -> None:
    error = as_aftercare_error(failure)
    assert error is not None
    assert (error.kind, error.reason) == (kind, reason)
    assert error.retry_after is not None
    assert "retry" in error.message


@pytest.mark.parametrize(
    "failure", [DuplicateKeyError("E11000"), OperationFailure("bad query", 2), ValueError("x")]
)
def test_a_mistake_of_ours_is_not_dressed_up(failure: Exception) -> None:
    assert as_aftercare_error(failure) is None
