"""Application code is written once, as coroutines, and runs in two kinds of process.

`serve` runs it on asyncio. `work` is an eventlet process, where adapters block their green thread and
never suspend, so a coroutine runs from start to end in one step.
"""

from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec, Protocol, TypeVar

Result = TypeVar("Result")
Params = ParamSpec("Params")


class Offload(Protocol):
    """Runs a blocking call (a provider's SDK) without holding up others."""

    async def __call__(
        self, call: Callable[Params, Result], /, *args: Params.args, **kwargs: Params.kwargs
    ) -> Result:
        """The call's result or its exception."""
        ...


async def call_directly(
    call: Callable[Params, Result], /, *args: Params.args, **kwargs: Params.kwargs
) -> Result:
    """The `Offload` of `work`: the green thread itself waits. In `serve` it is `asyncio.to_thread`."""
    return call(*args, **kwargs)


def run_now(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that never suspends to its end and return its result.

    Raises RuntimeError when it does suspend: it then awaited something that needs an event loop.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: Result = done.value
        return result
    coroutine.close()
    raise RuntimeError("application code suspended in a process without an event loop")
