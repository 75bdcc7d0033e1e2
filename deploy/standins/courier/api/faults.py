"""Faults on request: what the wire and the far side may do to a caller."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Final, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from deploy.standins.courier.company.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

HANG_SECS: Final = 60
_MAX_FAULTS: Final = 100

Kind = Literal["hang", "503", "500", "429", "drop_after", "garbage"]


class FaultOrder(BaseModel):
    """POST /_control/fault; the path ends in `*` to mean everything below."""

    model_config = ConfigDict(extra="forbid", strict=True)

    on: Annotated[str, StringConstraints(pattern=r"^(GET|POST|DELETE) /v2/\S*$", max_length=200)]
    kind: Kind
    times: Annotated[int, Field(ge=1, le=1000)] = 1
    retry_after: Annotated[int, Field(ge=0, le=3600)] = 1


class FaultBox:
    """Orders waiting for a matching call; each is used up."""

    def __init__(self) -> None:
        self.orders: list[FaultOrder] = []

    def add(self, order: FaultOrder) -> None:
        if len(self.orders) >= _MAX_FAULTS:
            raise Fault(400, "C-400", f"at most {_MAX_FAULTS} faults may wait")
        self.orders.append(order)

    def clear(self) -> None:
        self.orders.clear()

    def take(self, method: str, path: str) -> FaultOrder | None:
        """The first order that matches this call, counted down."""
        for index, order in enumerate(self.orders):
            if _matches(order.on, f"{method} {path}"):
                order.times -= 1
                if not order.times:
                    del self.orders[index]
                return order
        return None


def _matches(pattern: str, call: str) -> bool:
    return call.startswith(pattern[:-1]) if pattern.endswith("*") else call == pattern


async def answer_with_fault(order: FaultOrder, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let the fault happen. Only `drop_after` does what was asked, and then says nothing."""
    if order.kind == "drop_after":
        await handler(request)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()
    if order.kind == "hang":
        await asyncio.sleep(HANG_SECS)
        raise Fault(504, "E-5040", "the fault's hang is over; nothing was done")
    if order.kind == "garbage":
        return web.Response(text="<html><body>Przerwa techniczna</body></html>", content_type="text/html")
    if order.kind == "429":
        raise Fault(429, "E-4290", "too many calls", retry_after=order.retry_after)
    number = "E-5030" if order.kind == "503" else "E-5000"
    raise Fault(int(order.kind), number, "Kurier is resting; nothing was done")
