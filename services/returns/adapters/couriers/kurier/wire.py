"""One call to Kurier: sent once, bounded in time and size, never repeated here.

What matters is what a failure says about the far side. Not connected: nothing happened (`Transient`).
Sent and not answered, or answered with nonsense: a reading call is merely `Transient`, a changing one
is `OutcomeUnknown`.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx2
from pydantic import ValidationError

from services.returns.adapters.couriers.kurier.refusals import error_of
from services.returns.adapters.couriers.kurier.reply import Reply
from services.returns.domain.carrier_errors import CarrierError, OutcomeUnknown, Transient

if TYPE_CHECKING:
    from collections.abc import Mapping

    from services.returns.adapters.couriers.kurier.answers import Answer
    from services.returns.adapters.couriers.settings import CarrierSettings
    from services.returns.domain.carriage import CarrierCall

    AnyAnswer = TypeVar("AnyAnswer", bound=Answer)

_MAX_ANSWER: Final = 5 * 1024 * 1024
_NEVER_SENT: Final = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    httpx2.ProxyError,
    httpx2.LocalProtocolError,
    httpx2.UnsupportedProtocol,
)


class Countdown:
    """Several calls under one deadline: each gets what the earlier ones left."""

    def __init__(self, call: CarrierCall) -> None:
        self._call = call
        self._ends_at = time.monotonic() + call.deadline.total_seconds()

    def next_call(self) -> CarrierCall:
        """The call with the time that is left. Raises `Transient` when there is none."""
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise Transient("the deadline passed before the next call to Kurier")
        return replace(self._call, deadline=timedelta(seconds=left))


class KurierWire:
    """A pooled client of one Kurier account; safe for threads."""

    def __init__(self, settings: CarrierSettings) -> None:
        self._client = httpx2.Client(
            base_url=settings.base_url,
            headers={"Authorization": f"Bearer {settings.api_key}"},
            limits=httpx2.Limits(max_connections=20, max_keepalive_connections=10),
            follow_redirects=False,  # a redirect would carry our key to an address not configured
        )

    def close(self) -> None:
        """Close the pool."""
        self._client.close()

    def ask(
        self,
        model: type[AnyAnswer],
        path: str,
        *,
        call: CarrierCall,
        params: Mapping[str, str] | None = None,
    ) -> AnyAnswer:
        """GET, read as `model`."""
        return self._read(model, self.send("GET", path, call=call, params=params), changes=False)

    def tell(
        self,
        model: type[AnyAnswer],
        path: str,
        *,
        call: CarrierCall,
        body: Mapping[str, Any] | None = None,
        method: str = "POST",
    ) -> AnyAnswer:
        """POST or DELETE, read as `model`."""
        return self._read(model, self.send(method, path, call=call, body=body), changes=True)

    def send(
        self,
        method: str,
        path: str,
        *,
        call: CarrierCall,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Reply:
        """One exchange. Raises the error of every answer that is not a success."""
        changes = method != "GET"
        try:
            reply = self._exchange(method, path, call=call, params=params, body=body)
        except _NEVER_SENT as error:
            raise Transient(f"Kurier was not reached: {type(error).__name__}") from error
        except httpx2.HTTPError as error:
            raise _unanswered(f"no answer from Kurier: {type(error).__name__}", changes) from error
        if not 200 <= reply.status < 300:
            raise error_of(reply, changes=changes)
        return reply

    def _exchange(
        self,
        method: str,
        path: str,
        *,
        call: CarrierCall,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
    ) -> Reply:
        budget = call.deadline.total_seconds()
        ends_at = time.monotonic() + budget
        # The client times its phases, not the whole: connecting takes a part of the budget only,
        # and the loop below ends an answer that drips.
        timeout = httpx2.Timeout(budget, pool=budget / 4, connect=budget / 4)
        with self._client.stream(
            method,
            path,
            params=params,
            json=body,
            headers={"X-Request-Ref": call.idempotency_key},
            timeout=timeout,
        ) as response:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > _MAX_ANSWER or time.monotonic() > ends_at:
                    raise httpx2.ReadError("the answer is too long or too slow")
            retry_after = response.headers.get("Retry-After", "")
            return Reply(response.status_code, bytes(content), retry_after)

    def _read(self, model: type[AnyAnswer], reply: Reply, *, changes: bool) -> AnyAnswer:
        try:
            return model.model_validate_json(reply.body)
        except ValidationError as error:
            raise _unanswered("Kurier's answer cannot be read", changes) from error


def _unanswered(text: str, changes: bool) -> CarrierError:  # noqa: FBT001 - of two callers here
    return OutcomeUnknown(text) if changes else Transient(text)
