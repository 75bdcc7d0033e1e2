from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from deploy.standins.stripe.wire.errors import StripeError, malformed

if TYPE_CHECKING:
    from deploy.standins.stripe.account.clock import Clock
    from deploy.standins.stripe.wire.call import Answer, Call

KEPT_SECONDS = 24 * 60 * 60
MAX_KEY_LENGTH = 255


@dataclass(frozen=True)
class _Saved:
    endpoint: str
    fingerprint: str
    answer: Answer
    saved_at: int


class IdempotencyKeys:
    """Stripe's first-answer-wins memory. Keys belong to the account, not to an endpoint."""

    def __init__(self, clock: Clock, limit: int) -> None:
        self._clock = clock
        self._limit = limit
        self._saved: OrderedDict[str, _Saved] = OrderedDict()
        self._in_flight: set[str] = set()
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._saved)

    def begin(self, call: Call) -> Answer | None:
        """Return the answer to replay, or None after taking the key for this request.

        Raises StripeError 409 while the key is in flight, and 400 when it was used for another
        endpoint or with other parameters.
        """
        key = call.idempotency_key
        if key is None:
            return None
        if len(key) > MAX_KEY_LENGTH:
            raise malformed(f"Idempotency keys may be at most {MAX_KEY_LENGTH} characters long")
        self._prune()
        if key in self._in_flight:
            raise _in_use(key)
        saved = self._saved.get(key)
        if saved is None:
            self._in_flight.add(key)
            return None
        _same_request(saved, call, key)
        headers = {**saved.answer.headers, "Idempotent-Replayed": "true"}
        return replace(saved.answer, headers=headers)

    def save(self, call: Call, answer: Answer) -> Answer:
        """Keep the answer for replays and return it with its origin named."""
        key = call.idempotency_key
        if key is None:
            return answer
        headers = {**answer.headers, "Original-Request": call.request_id or ""}
        answer = replace(answer, headers=headers)
        if len(self._saved) >= self._limit:
            self._saved.popitem(last=False)
            self.evicted += 1
        self._saved[key] = _Saved(call.path, call.fingerprint, answer, self._clock.now())
        return answer

    def release(self, call: Call) -> None:
        """End the flight of this request's key, whether or not an answer was saved."""
        if call.idempotency_key is not None:
            self._in_flight.discard(call.idempotency_key)

    def _prune(self) -> None:
        oldest_kept = self._clock.now() - KEPT_SECONDS
        while self._saved:
            key, saved = next(iter(self._saved.items()))
            if saved.saved_at > oldest_kept:
                return
            del self._saved[key]


def _same_request(saved: _Saved, call: Call, key: str) -> None:
    if saved.endpoint != call.path:
        rule = f"for the same endpoint they were first used for ('{call.path}' vs '{saved.endpoint}')"
    elif saved.fingerprint != call.fingerprint:
        rule = "with the same parameters they were first used with"
    else:
        return
    message = (
        f"Keys for idempotent requests can only be used {rule}. Try using a key other than "
        f"'{key}' if you meant to execute a different request."
    )
    raise StripeError(400, "idempotency_error", message, saved=False)


def _in_use(key: str) -> StripeError:
    message = (
        "There is currently another in-progress request using this Idempotent Key (that probably "
        f"means you submitted twice, and the other request is still going through): {key}. Please "
        "try again later."
    )
    return StripeError(
        409,
        "invalid_request_error",
        message,
        code="idempotency_key_in_use",
        headers={"Stripe-Should-Retry": "true"},
        saved=False,
    )
