"""What the application needs from outside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, Protocol, TypeVar

from services.chassis.kernel.clock import Clock
from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.ids import Ids
from services.chassis.kernel.pagination import Page
from services.chassis.kernel.unit_of_work import Answer, Inbox
from services.loyalty.domain.account import Account
from services.loyalty.domain.ledger import Entry
from services.loyalty.domain.program import Program

Result = TypeVar("Result")
Decide = Callable[[Account, Program, datetime], Result]


class Needs(NamedTuple):
    """Which parts of an account must be loaded beside the account itself and what the clock has made due.

    `orders` brings facts and lots of those orders; `spends` the lots that this many points would come from;
    `reservation_id` one reservation; `spent_on` the committed reservations of that order. `guess_new` says
    that the orders are most likely new: they are looked up only when a write shows that they are not.
    """

    orders: tuple[str, ...] = ()
    spends: int = 0
    reservation_id: str = ""
    spent_on: str = ""
    guess_new: bool = False


NOTHING = Needs()


class Request(NamedTuple):
    """A request's key, so that it has one effect and one answer.

    `answer` is the type of the answer to store; None when it can be rebuilt from the entries it wrote, which
    then carry the key: a document less on the hot path.
    """

    rpc: str
    key: str
    fingerprint: str
    answer: type[object] | None = None


class Opening(NamedTuple):
    """How to open the account when it is missing."""

    program_id: str
    customer_id: str


@dataclass(slots=True)
class Change(Generic[Result]):
    """One command on one account: what to load, how to decide, what makes it happen once.

    `decide` gets the account with the clock applied, tells it what to do and makes the answer. It may run
    more than once (conflicts are retried), so it does nothing outside the account. What it raises as
    AftercareError is this command's own verdict and touches no other command of the same commit.
    """

    tenant_id: str
    account_id: str
    decide: Decide[Result]
    needs: Needs = NOTHING
    request: Request | None = None
    opens: Opening | None = None
    inbox: Inbox | None = None


class Accounts(Protocol):
    """Accounts as one writes and reads them: many commands share a commit, many reads share a query."""

    async def change(self, change: Change[Result]) -> Answer[Result]:
        """Run a command: account, entries, events, inbox row and stored answer in one commit.

        Raises ACCOUNT_NOT_FOUND, IDEMPOTENCY_KEY_REUSED, what `decide` raises; VERSION_CONFLICT when others
        were faster too often; AlreadyHandledError when the inbox row exists.
        """
        ...

    async def change_many(
        self, changes: Sequence[Change[Result]]
    ) -> Sequence[Answer[Result] | AftercareError]:
        """Run many commands, on different accounts, in as few commits as possible; each has its verdict."""
        ...

    async def look(
        self, tenant_id: str, account_id: str, decide: Decide[Result], needs: Needs = NOTHING
    ) -> Result:
        """Decide on the account as it is by the clock, without writing. Raises ACCOUNT_NOT_FOUND."""
        ...

    async def due(self, now: datetime, limit: int) -> Sequence[tuple[str, str]]:
        """(tenant, account) of accounts for which the clock has work, longest due first."""
        ...


class Programs(Protocol):
    """Programmes."""

    async def get(self, tenant_id: str, program_id: str) -> Program:
        """A programme, at most a few seconds old. Raises PROGRAM_NOT_FOUND."""
        ...

    async def create(self, ctx: RequestContext, program: Program) -> Answer[Program]:
        """Store a new programme. Raises PROGRAM_EXISTS, IDEMPOTENCY_KEY_REUSED."""
        ...


class Ledger(Protocol):
    """The ledger, for readers."""

    async def page(self, tenant_id: str, account_id: str, size: int, token: str) -> Page[Entry]:
        """Entries, newest first. Raises INVALID_PAGE_TOKEN."""
        ...


@dataclass(frozen=True, slots=True)
class Ports:
    """All of it."""

    accounts: Accounts
    programs: Programs
    ledger: Ledger
    clock: Clock
    ids: Ids
