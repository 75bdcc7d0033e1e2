"""Group commit: what arrives while one batch is being written becomes the next batch.

Nothing waits for a batch to fill: alone, an item is a batch of one and goes at once. The more callers there
are, the larger the batches and the cheaper each item. Concurrent reads share a query in the same way.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.chassis.kernel.errors import AftercareError, Kind

Item = TypeVar("Item")
Result = TypeVar("Result")

# Every item gets a result or an exception of its own, in the order of the items.
Process = Callable[[Sequence[Item]], Awaitable[Sequence[Result | BaseException]]]

LIMIT = 256  # items in one batch: bounds a transaction's size and what one failure repeats
SECONDS = 8.0  # for one batch; callers' own deadlines may be shorter


class GroupCommit(Generic[Item, Result]):
    """A queue in front of `process`, which handles one batch at a time."""

    def __init__(self, process: Process[Item, Result], limit: int = LIMIT) -> None:
        self._process = process
        self._limit = limit
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._drain: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """The item's result, or its exception. A caller that gives up takes nobody's batch away."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._drain is None:
            # In a context of its own: it must not inherit the deadline and the trace of whoever came first.
            self._drain = asyncio.get_running_loop().create_task(self._run(), context=contextvars.Context())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = [waiting for waiting in self._waiting[: self._limit] if not waiting[1].cancelled()]
                del self._waiting[: self._limit]
                if batch:
                    await self._handle(batch)
        finally:
            self._drain = None

    async def _handle(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        results: Sequence[Result | BaseException]
        try:
            async with asyncio.timeout(SECONDS):
                results = await self._process([item for item, _ in batch])
        except TimeoutError:
            results = [_too_slow()] * len(batch)
        except Exception as error:  # noqa: BLE001 - it belongs to the callers, all of them
            results = [error] * len(batch)
        for (_, future), result in zip(batch, results, strict=True):
            if future.done():  # its caller gave up meanwhile
                continue
            if isinstance(result, BaseException):
                future.set_exception(result)
            else:
                future.set_result(result)


def _too_slow() -> AftercareError:
    return AftercareError(
        Kind.UNAVAILABLE,
        "DATABASE_TIMEOUT",
        "the database did not answer in time; retry with the same key",
        retry_after=1.0,
    )
