"""What becomes of an event that was handled or could not be."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from google.protobuf.message import DecodeError

from services.chassis.events.declarations import RetryPolicy
from services.chassis.events.envelopes import UndecodableEventError
from services.chassis.kernel.errors import AftercareError, Kind
from services.chassis.kernel.unit_of_work import AlreadyHandledError

# Headers of an event that failed before; the broker's own names begin with `x-` as well, but not with these.
ATTEMPT = "x-attempt"
ERROR = "x-error"
FIRST_FAILED = "x-first-failed"


class Outcome(StrEnum):
    """What to do with the message."""

    DONE = "done"
    RETRY = "retry"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with the message, and for a retry in how many seconds."""

    outcome: Outcome
    delay: float = 0.0


class HandlerTimeoutError(Exception):
    """The handler took longer than its time limit."""


def judge(error: Exception | None, attempt: int, policy: RetryPolicy) -> Verdict:
    """The verdict on the `attempt`-th try (from 1) that ended with `error`."""
    if error is None or isinstance(error, AlreadyHandledError):
        return Verdict(Outcome.DONE)
    if is_permanent(error) or attempt > len(policy.delays):
        return Verdict(Outcome.DEAD)
    return Verdict(Outcome.RETRY, policy.delays[attempt - 1])


def failures(headers: Mapping[str, object]) -> int:
    """How often the event failed before, by its headers."""
    count = headers.get(ATTEMPT)
    return count if isinstance(count, int) and count > 0 else 0


def is_permanent(error: Exception) -> bool:
    """Whether no retry can help: unreadable bytes, an unknown schema, an argument that is never right.

    NOT_FOUND and FAILED_PRECONDITION are not: events overtake each other, so what is missing now may be
    on its way.
    """
    if isinstance(error, AftercareError):
        return error.kind is Kind.INVALID_ARGUMENT
    return isinstance(error, UndecodableEventError | DecodeError)
