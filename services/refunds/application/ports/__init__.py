"""All that use cases may ask of the world."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from services.chassis.kernel.clock import Clock
from services.chassis.kernel.coroutines import Offload
from services.chassis.kernel.ids import Ids
from services.chassis.kernel.unit_of_work import UnitOfWork
from services.refunds.application.ports.provider import PaymentProvider, WebhookVerifier
from services.refunds.application.ports.transaction import RaceError, Transaction

Result = TypeVar("Result")
_RACES = 5


class Turns(Protocol):
    """Lets callers of this process who want the same thing take turns.

    The database alone keeps them right; taking turns keeps fifty at once on one charge from spending their
    time on each other's write conflicts.
    """

    def of(self, key: str) -> AbstractAsyncContextManager[None]:
        """Wait for the key's turn; not re-entrant."""
        ...


def no_crash(_name: str) -> None:
    """The crash point of production: nothing happens."""


@dataclass(frozen=True, slots=True)
class Ports:
    """`owner` names this process in leases, `jitter` gives 0..1, `crash_point` is for tests."""

    uow: UnitOfWork[Transaction]
    clock: Clock
    ids: Ids
    offload: Offload
    provider: PaymentProvider
    webhooks: WebhookVerifier
    turns: Turns
    owner: str
    jitter: Callable[[], float]
    crash_point: Callable[[str], None] = no_crash

    async def commit(self, work: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Run one commit; when somebody else was faster with the same thing, look again and decide anew."""
        for _ in range(_RACES):
            try:
                return await self.uow.run(work)
            except RaceError:
                continue
        return await self.uow.run(work)


__all__ = ["PaymentProvider", "Ports", "RaceError", "Transaction", "Turns", "WebhookVerifier"]
