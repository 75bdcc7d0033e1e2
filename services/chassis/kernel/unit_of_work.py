"""The port through which application code changes anything: load, tell, save, in one commit."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from services.chassis.kernel.context import RequestContext

Tx = TypeVar("Tx")  # the service's own transaction: its repositories and `record(event)`
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Result]):
    """The answer to a mutation; `replayed` when the same request had been answered before."""

    value: Result
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Inbox:
    """Names the handling of one event by one handler, which happens once."""

    handler: str
    event_id: str


class AlreadyHandledError(Exception):
    """The event's effect is there already: acknowledge it."""


class UnitOfWork(Protocol[Tx]):
    """Commits a state change, its events, its inbox row and its stored answer together or not at all.

    `work` may run more than once (write conflicts are retried), so it does nothing outside `tx`.
    """

    async def read(self, query: Callable[[Tx], Awaitable[Result]]) -> Result:
        """Run a query outside any transaction."""
        ...

    async def run(self, work: Callable[[Tx], Awaitable[Result]]) -> Result:
        """Run one commit without a request key: for timers and reactions."""
        ...

    async def once(
        self,
        rpc: str,
        ctx: RequestContext,
        answer: type[Result],
        work: Callable[[Tx], Awaitable[Result]],
    ) -> Answer[Result]:
        """Run one commit that answers a mutation, once per (tenant, rpc, idempotency key).

        The answer (a dataclass of type `answer`) is stored in the same commit. The same key with
        another fingerprint raises ALREADY_EXISTS; a failed attempt stores nothing, so it may be retried.
        """
        ...

    def within(self, inbox: Inbox) -> "UnitOfWork[Tx]":
        """The same unit of work whose commit also writes the inbox row.

        Raises AlreadyHandledError, with nothing done, when that row exists.
        """
        ...
