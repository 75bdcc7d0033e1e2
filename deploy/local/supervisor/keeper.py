"""Keeps one part running: starts it once its needs are met, and starts it again whenever it ends."""

import asyncio
import time
from collections.abc import Callable, Mapping

from deploy.local.home import Home
from deploy.local.parts.part import Part
from deploy.local.problems import PartFailedError
from deploy.local.state import PartState, PartStatus
from deploy.local.supervisor.child import Child, tail
from deploy.local.supervisor.probes import until_ready

FIRST_DELAY_SECONDS = 0.2
LONGEST_DELAY_SECONDS = 5.0
# A part that stays ready this long has recovered: its next end counts as its first.
RECOVERED_SECONDS = 10.0
CRASH_LOOP_FAILURES = 4


def delay_before(failures: int) -> float:
    """Seconds to wait before start number `failures` in a row: 0.2, 0.4, 0.8 … 5."""
    return float(min(FIRST_DELAY_SECONDS * 2 ** (failures - 1), LONGEST_DELAY_SECONDS))


class Keeper:
    """The life of one part. Every change is written to `status` and told to `changed`."""

    def __init__(self, part: Part, home: Home, status: PartStatus, changed: Callable[[], None]) -> None:
        self.part = part
        self.status = status
        self.first_ready = asyncio.Event()
        self.stopped = asyncio.Event()
        self._released = asyncio.Event()
        self._released.set()
        self._log = home.log_of(part.name)
        self._changed = changed
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready_at: float | None = None

    def begin(self, others: Mapping[str, "Keeper"]) -> asyncio.Task[None]:
        """Run until stopped. The task fails with PartFailedError when the first start fails."""
        self._task = asyncio.create_task(self._run(others), name=self.part.name)
        return self._task

    async def stop(self, others: Mapping[str, "Keeper"]) -> None:
        """End the part, after every part that needs it."""
        for other in others.values():
            if self.part.name in other.part.needs:
                await other.stopped.wait()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
        await self._end_child()
        if self.status.state is not PartState.FAILED:
            self._report(PartState.STOPPED)
        self.stopped.set()

    async def hold(self) -> None:
        """Stop the part and keep it down until `release`."""
        self._released.clear()
        await self._end_child()

    def release(self) -> None:
        """Let a held part start again."""
        self._released.set()

    async def _run(self, others: Mapping[str, "Keeper"]) -> None:
        for need in self.part.needs:
            await others[need].first_ready.wait()
        try:
            ended = await self._start()
        except (OSError, PartFailedError) as error:
            reason = _reason(error)
            self._report(PartState.FAILED, reason)
            raise PartFailedError(self.part.name, reason, self._log, tail(self._log)) from error
        self.first_ready.set()
        if not self.part.once:
            await self._keep(ended)

    async def _keep(self, ended: asyncio.Task[int]) -> None:
        failures = 0
        reason = self._note(await ended)
        while True:
            if self._released.is_set():
                failures = 1 if self._recovered() else failures + 1
                looping = failures >= CRASH_LOOP_FAILURES
                self._report(PartState.CRASH_LOOPING if looping else PartState.RESTARTING, reason)
                await asyncio.sleep(delay_before(failures))
            if not self._released.is_set():
                self._report(PartState.HELD, reason)
                await self._released.wait()
                failures = 0
            reason = await self._once_more()

    async def _once_more(self) -> str:
        """Start again and wait for the end; returns how it ended or why it did not become ready."""
        self.status.restarts += 1
        try:
            ended = await self._start()
        except (OSError, PartFailedError) as error:
            return _reason(error)
        return self._note(await ended)

    async def _start(self) -> asyncio.Task[int]:
        """Start the process and see it ready. Returns what will hold its exit code."""
        began, self._ready_at = time.monotonic(), None
        self._report(PartState.STARTING if self.status.restarts == 0 else self.status.state)
        child = self._child = await Child.start(self.part, self._log)
        self.status.pid, self.status.exit_code = child.pid, None
        self._changed()
        ended = asyncio.create_task(child.wait())
        if self.part.once:
            await self._see_done(ended)
        else:
            await self._see_ready(ended)
        self._ready_at = time.monotonic()
        self.status.seconds = round(self._ready_at - began, 2)
        self._report(PartState.DONE if self.part.once else PartState.READY)
        return ended

    async def _see_ready(self, ended: asyncio.Task[int]) -> None:
        probe = asyncio.create_task(until_ready(self.part.ready))
        try:
            await asyncio.wait({ended, probe}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise PartFailedError(self.part.name, self._note(ended.result()), None, [])
            await probe
        except TimeoutError as late:
            await self._end_child()
            raise PartFailedError(self.part.name, str(late), None, []) from late
        finally:
            probe.cancel()

    async def _see_done(self, ended: asyncio.Task[int]) -> None:
        seconds = self.part.ready.timeout_seconds
        await asyncio.wait({ended}, timeout=seconds)
        if not ended.done():
            await self._end_child()
            raise PartFailedError(self.part.name, f"still running after {seconds:.0f} s", None, [])
        reason = self._note(ended.result())
        if ended.result() != 0:
            raise PartFailedError(self.part.name, reason, None, [])

    def _recovered(self) -> bool:
        return self._ready_at is not None and time.monotonic() - self._ready_at > RECOVERED_SECONDS

    def _note(self, code: int) -> str:
        self.status.exit_code, self.status.pid = code, None
        return _how(code)

    async def _end_child(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            self._note(await child.stop(self.part.stop_seconds))

    def _report(self, state: PartState, detail: str = "") -> None:
        self.status.state, self.status.detail = state, detail
        if state in {PartState.RESTARTING, PartState.CRASH_LOOPING, PartState.HELD}:
            self.status.pid = None
        self._changed()


def _reason(error: OSError | PartFailedError) -> str:
    return error.reason if isinstance(error, PartFailedError) else str(error)


def _how(code: int) -> str:
    return f"killed by signal {-code}" if code < 0 else f"exit code {code}"
