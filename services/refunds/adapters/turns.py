"""One after the other on one key, within this process."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from weakref import WeakValueDictionary


class AsyncioTurns:
    """See `application.ports.Turns`; for `serve`. A key nobody waits for is forgotten."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, key: str) -> AbstractAsyncContextManager[None]:
        """See the port."""
        lock = self._locks.get(key)
        if lock is None:
            lock = self._locks[key] = asyncio.Lock()
        return lock


class NoTurns:
    """See `application.ports.Turns`; for `work`, whose handlers are few and must not suspend."""

    def of(self, _key: str) -> AbstractAsyncContextManager[None]:
        """See the port."""
        return nullcontext()
