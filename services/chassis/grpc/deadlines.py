"""Every unary call ends: by the caller's deadline, or by ours when it set none."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import pymongo

from services.chassis.kernel.errors import AftercareError, Kind

DEFAULT_SECONDS = 30.0

Result = TypeVar("Result")


async def within_deadline(remaining: float | None, call: Awaitable[Result]) -> Result:
    """Await `call` with the time that is left told to MongoDB (`pymongo.timeout`).

    `remaining` is what the caller's deadline leaves, in seconds; gRPC itself cancels the call when it has
    passed. None means that the caller set none: then DEFAULT_SECONDS hold, and DEADLINE_EXCEEDED is raised.
    """
    if remaining is not None:
        # 0 would mean "no limit" to the driver.
        with pymongo.timeout(max(remaining, 0.001)):
            return await call
    limit = asyncio.timeout(DEFAULT_SECONDS)
    try:
        async with limit:
            with pymongo.timeout(DEFAULT_SECONDS):
                return await call
    except TimeoutError as error:
        if not limit.expired():
            raise  # somebody else's, such as a provider's socket
        raise AftercareError(
            Kind.DEADLINE_EXCEEDED,
            "DEADLINE_EXCEEDED",
            f"not done within {DEFAULT_SECONDS:g} s and perhaps done later; ask again with the same key",
        ) from error
