"""What a leg's sender does next and what each outcome means: the table of refunds.md 4.4, pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from services.refunds.domain.breaks import Alarm
from services.refunds.domain.leg import Doubt, Lease, Leg, LegState
from services.refunds.domain.provider import ProviderTroubleError, Trouble

LEASE = timedelta(seconds=60)  # longer than connect 3.05 s and read 20 s
REPLAY_WINDOW = timedelta(hours=20)  # the provider may forget a key after 24 h
QUIESCENCE = timedelta(minutes=15)  # after the last call, before "not there" proves anything
MAX_ATTEMPTS = 3
LONGEST_BACKOFF = 300.0
NO_ACCESS_BACKOFF = 300.0  # seconds between tries when the provider refuses our key
FIRST_POLL, LAST_POLL = timedelta(minutes=5), timedelta(hours=1)


class Action(StrEnum):
    """What to do with a leg that is due."""

    SEND = "SEND"  # a new attempt with a new key
    REPLAY = "REPLAY"  # the same attempt, key and parameters
    LIST = "LIST"  # look for it among the payment's refunds
    POLL = "POLL"  # ask how it is getting on


def next_action(leg: Leg, now: datetime) -> Action | None:
    """What a due leg needs; None = nothing its sender could do."""
    match leg.state:
        case LegState.READY:
            return Action.SEND
        case LegState.PENDING | LegState.REQUIRES_ACTION:
            return Action.POLL
        case LegState.SENDING | LegState.RETRY_WAIT | LegState.UNKNOWN:
            if leg.doubt in {Doubt.NONE, Doubt.NETWORK} and _young(leg, now):
                return Action.REPLAY
            return Action.LIST
        case _:
            return None


def claim(leg: Leg, owner: str, now: datetime) -> None:
    """Take the leg for one step: nobody else looks at it before the lease ends."""
    leg.lease = Lease(owner, now + LEASE)
    leg.due_at = now + LEASE


def begin_attempt(leg: Leg, key: str, params: dict[str, object], now: datetime) -> None:
    """Write ahead what will be sent, before it is."""
    leg.attempt += 1
    leg.idempotency_key = key
    leg.params = params
    leg.first_sent_at = now
    leg.tries = 0
    leg.doubt = Doubt.NONE


def about_to_call(leg: Leg, now: datetime) -> None:
    """Count the call before it is made, so that a crash cannot hide it."""
    leg.state = LegState.SENDING
    leg.wire_calls += 1
    leg.last_sent_at = now


def on_trouble(leg: Leg, error: ProviderTroubleError, now: datetime, jitter: float) -> Alarm | None:
    """A create call gave no refund. `jitter` is in 0..1. Returns what a person must know."""
    leg.lease = None
    leg.tries += 1
    leg.due_at = now + backoff(leg.tries, jitter)
    match error.trouble:
        case Trouble.NETWORK | Trouble.IN_PROGRESS:
            leg.state, leg.doubt = LegState.UNKNOWN, Doubt.NETWORK
        case Trouble.SERVER_ERROR:
            leg.state, leg.doubt = LegState.UNKNOWN, Doubt.SERVER_ERROR
        case Trouble.RATE_LIMITED:
            leg.state = LegState.RETRY_WAIT
            leg.due_at = max(leg.due_at, now + timedelta(seconds=error.retry_after or 0))
        case Trouble.UNAUTHORISED:
            leg.state = LegState.RETRY_WAIT
            leg.due_at = now + timedelta(seconds=NO_ACCESS_BACKOFF)
        case Trouble.ALREADY_REFUNDED:
            leg.state, leg.doubt, leg.due_at = LegState.UNKNOWN, Doubt.REFUNDED_OUTSIDE, now
        case Trouble.KEY_MISMATCH:
            leg.state, leg.doubt, leg.due_at = LegState.UNKNOWN, Doubt.KEY_MISMATCH, now
            return Alarm.KEY_MISMATCH
        case Trouble.DISPUTED:
            leg.state, leg.due_at = LegState.BLOCKED_DISPUTE, None
        case Trouble.REFUSED:
            reject(leg, error.code or error.message[:100])
    return None


def on_lookup_trouble(leg: Leg, error: ProviderTroubleError, now: datetime, jitter: float) -> None:
    """A list or read call failed: nothing is known that was not known before."""
    leg.lease = None
    leg.tries += 1
    leg.due_at = now + max(backoff(leg.tries, jitter), timedelta(seconds=error.retry_after or 0))


def on_absent(leg: Leg, now: datetime) -> Alarm | None:
    """The payment's refunds were listed and none is this leg's. Returns what a person must know."""
    leg.lease = None
    if leg.doubt is Doubt.REFUNDED_OUTSIDE:
        reject(leg, "ALREADY_REFUNDED_OUTSIDE")
        return Alarm.REFUNDED_OUTSIDE
    if leg.doubt is Doubt.KEY_MISMATCH:
        leg.state, leg.due_at = LegState.MANUAL, None
        return Alarm.UNPROVEN
    quiet_at = (leg.last_sent_at or now) + QUIESCENCE
    if now < quiet_at:  # it may still be on its way inside the provider
        leg.state, leg.due_at = LegState.UNKNOWN, quiet_at
        return None
    if leg.attempt >= MAX_ATTEMPTS:
        leg.state, leg.due_at = LegState.MANUAL, None
        return Alarm.UNPROVEN
    leg.state, leg.due_at = LegState.READY, now
    return None


def reject(leg: Leg, reason: str) -> None:
    """The provider refused for good."""
    leg.state, leg.due_at, leg.failure_reason = LegState.REJECTED, None, reason


def wait_for_provider(leg: Leg, now: datetime) -> None:
    """Ask again later; less and less often (refunds.md 4.6 a)."""
    leg.tries += 1
    leg.due_at = now + min(FIRST_POLL * 2 ** min(leg.tries - 1, 6), LAST_POLL)


def backoff(tries: int, jitter: float) -> timedelta:
    """uniform(0.5, 1) of 2^n seconds, at most five minutes."""
    return timedelta(seconds=(0.5 + jitter / 2) * min(LONGEST_BACKOFF, 2.0 ** min(tries, 10)))


def _young(leg: Leg, now: datetime) -> bool:
    return leg.first_sent_at is not None and now - leg.first_sent_at < REPLAY_WINDOW
