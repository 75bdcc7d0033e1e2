from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import ClientError, ClientSession, ClientTimeout

if TYPE_CHECKING:
    from deploy.standins.stripe.account.event_log import EventLog, Hook
    from deploy.standins.stripe.wire.call import StripeObject

PAUSES = (0.0, 0.1, 0.4)  # before each attempt; a sandbox tries three times, only over hours
WORKERS = 8
MAX_QUEUED = 10_000
ATTEMPT_SECONDS = 5.0

_Delivery: TypeAlias = "tuple[EventLog, StripeObject, Hook]"


class WebhookSender:
    """Carries events to hooks: at least once, in no promised order, three attempts each."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[_Delivery] = asyncio.Queue(MAX_QUEUED)
        self._workers: list[asyncio.Task[None]] = []
        self._session: ClientSession | None = None
        self.overflowed = 0  # deliveries given up because the queue was full

    @property
    def queued(self) -> int:
        return self._queue.qsize()

    async def start(self) -> None:
        self._session = ClientSession(timeout=ClientTimeout(total=ATTEMPT_SECONDS))
        self._workers = [asyncio.create_task(self._work()) for _ in range(WORKERS)]

    async def stop(self) -> None:
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._session:
            await self._session.close()

    def serve(self, log: EventLog) -> None:
        """Deliver what this log emits from now on."""
        log.deliver_with(lambda event, hook: self._enqueue((log, event, hook)))

    async def send(self, log: EventLog, event: StripeObject, hook: Hook, skew: int = 0) -> bool:
        """Make one signed attempt; `skew` seconds are added to the time in the signature.

        The signature carries the machine's time, not the account's: receivers compare it with
        theirs, whatever the account's clock was moved to.
        """
        if self._session is None:
            return False
        body = json.dumps(event).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(hook.secret, body, int(time.time()) + skew),
            "User-Agent": "Stripe/1.0 (stand-in)",
        }
        try:
            async with self._session.post(
                hook.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                taken = 200 <= response.status < 300
        except (ClientError, TimeoutError, OSError):
            return False
        if taken:
            log.delivered(event, hook)
        return taken

    def _enqueue(self, delivery: _Delivery) -> None:
        try:
            self._queue.put_nowait(delivery)
        except asyncio.QueueFull:
            # The event stays undelivered, which events.list(delivery_success=false) shows.
            self.overflowed += 1

    async def _work(self) -> None:
        while True:
            log, event, hook = await self._queue.get()
            for pause in PAUSES:
                await asyncio.sleep(pause)
                if log.closed or await self.send(log, event, hook):
                    break


def signature(secret: str, body: bytes, at: int) -> str:
    """Build a `Stripe-Signature` header value for this body at this second."""
    signed = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={signed}"
