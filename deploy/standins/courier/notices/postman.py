"""Carries notices to the client's webhook: in order unless told otherwise, with bounded attempts."""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import aiohttp

from deploy.standins.courier.notices.signature import HEADER, sign

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MAX_LOG: Final = 1_000
_MAX_WAITING: Final = 10_000
_SEND_TIMEOUT: Final = aiohttp.ClientTimeout(total=5)

NoticeState = Literal["waiting", "held", "delivered", "given_up", "no_webhook", "dropped"]


@dataclass(slots=True)
class Notice:
    """One push. Its body never changes, so a repetition is a true duplicate."""

    id: str
    body: bytes
    state: NoticeState = "waiting"
    attempts: int = 0
    last_answer: str = ""

    def rendered(self) -> dict[str, Any]:
        return {
            "noticeId": self.id,
            "state": self.state,
            "attempts": self.attempts,
            "lastAnswer": self.last_answer,
        }


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where and how to push."""

    url: str
    secret: str
    max_attempts: int = 6
    first_backoff_secs: float = 0.5


class Postman:
    """One sender; a notice that fails steps aside and comes back after its back-off."""

    def __init__(self, webhook: Webhook | None) -> None:
        self._webhook = webhook
        self._queue: asyncio.Queue[Notice] = asyncio.Queue()
        self._timers: set[asyncio.TimerHandle] = set()
        self._held: deque[Notice] = deque(maxlen=_MAX_WAITING)
        self._unsent = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.log: deque[Notice] = deque(maxlen=_MAX_LOG)
        self.is_holding = False
        self.duplicate = 0
        self.shuffle: int | None = None

    @property
    def unsent(self) -> int:
        """Copies on their way, without those on hold."""
        return self._unsent

    @property
    def held(self) -> int:
        return len(self._held)

    def reset(self) -> None:
        """Forget the log, the queue and every mode."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        while not self._queue.empty():
            self._queue.get_nowait()
        self._held.clear()
        self.log.clear()
        self.is_holding, self.duplicate, self.shuffle = False, 0, None
        self._count(-self._unsent)

    def post(self, groups: Iterable[Sequence[dict[str, Any]]], sent_at: str) -> None:
        """Make a notice of each group of rendered scans and let them go together."""
        notices = [_notice(group, sent_at) for group in groups if group]
        self.log.extend(notices)
        if self._webhook is None:
            for notice in notices:
                notice.state = "no_webhook"
        elif self.is_holding:
            for notice in notices:
                notice.state = "held"
            self._held.extend(notices)
        else:
            self._release(notices)

    def flush(self) -> int:
        """Let go of everything on hold, as one batch; says how many notices that were."""
        notices = list(self._held)
        self._held.clear()
        self._release(notices)
        return len(notices)

    def redeliver(self, notices: Sequence[Notice]) -> None:
        """Send them again, once each, whatever became of them before."""
        for notice in notices:
            notice.attempts = 0
            self._enqueue(notice)

    def _release(self, notices: Sequence[Notice]) -> None:
        copies = [notice for notice in notices for _ in range(1 + self.duplicate)]
        if self.shuffle is not None:
            random.Random(self.shuffle).shuffle(copies)  # noqa: S311 - a reproducible disorder
        for notice in copies:
            self._enqueue(notice)

    def _enqueue(self, notice: Notice) -> None:
        if self._webhook is None or self._unsent >= _MAX_WAITING:
            notice.state = "dropped"
            return
        notice.state = "waiting"
        self._count(+1)
        self._queue.put_nowait(notice)

    def _count(self, change: int) -> None:
        self._unsent = max(0, self._unsent + change)
        (self._idle.clear if self._unsent else self._idle.set)()

    async def until_idle(self, timeout_secs: float) -> bool:
        """Wait until nothing is on its way; False when that took too long."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout_secs)
        except TimeoutError:
            return False
        return True

    async def run(self) -> None:
        """Send until cancelled."""
        async with aiohttp.ClientSession(timeout=_SEND_TIMEOUT) as session:
            while True:
                notice = await self._queue.get()
                if await self._send(session, notice):
                    notice.state = "delivered"
                    self._count(-1)
                else:
                    self._try_later(notice)

    async def _send(self, session: aiohttp.ClientSession, notice: Notice) -> bool:
        webhook = self._webhook
        if webhook is None:
            return False
        notice.attempts += 1
        # Real time, not the virtual clock: the receiver checks its age against its own clock.
        signature = sign(webhook.secret, notice.body, int(time.time()))
        headers = {HEADER: signature, "Content-Type": "application/json"}
        try:
            async with session.post(
                webhook.url, data=notice.body, headers=headers, allow_redirects=False
            ) as answer:
                notice.last_answer = str(answer.status)
                return 200 <= answer.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            notice.last_answer = type(error).__name__
            return False

    def _try_later(self, notice: Notice) -> None:
        webhook = self._webhook
        if webhook is None or notice.attempts >= webhook.max_attempts:
            notice.state = "given_up"
            self._count(-1)
            return
        delay = webhook.first_backoff_secs * 2 ** (notice.attempts - 1)
        loop = asyncio.get_running_loop()

        def back() -> None:
            self._timers.discard(timer)
            self._queue.put_nowait(notice)

        timer = loop.call_later(delay, back)
        self._timers.add(timer)


def _notice(scans: Sequence[dict[str, Any]], sent_at: str) -> Notice:
    notice_id = f"N{secrets.token_hex(8)}"
    body = {"noticeId": notice_id, "writtenAt": sent_at, "scans": list(scans)}
    return Notice(notice_id, json.dumps(body, ensure_ascii=False).encode())
