"""CreateAccount."""

from dataclasses import dataclass
from datetime import datetime

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.application.answers import AccountView, view_account
from services.loyalty.application.ports import Change, Opening, Ports, Request
from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program


@dataclass(frozen=True, slots=True)
class CreateAccount:
    """Join a customer to a programme; an empty `account_id` lets the service choose."""

    ctx: RequestContext
    program_id: str
    customer_id: str
    account_id: str = ""


async def create_account(ports: Ports, command: CreateAccount) -> Answer[AccountView]:
    """Raises PROGRAM_NOT_FOUND, ALREADY_ENROLLED, IDEMPOTENCY_KEY_REUSED."""
    ctx = command.ctx
    await ports.programs.get(ctx.tenant_id, command.program_id)

    def decide(account: Account, _program: Program, _now: datetime) -> AccountView:
        if not account.is_new:
            raise errors.already_enrolled(account.customer_id, account.account_id)
        return view_account(account)

    return await ports.accounts.change(
        Change(
            ctx.tenant_id,
            command.account_id or ports.ids.new("acc"),
            decide,
            request=Request("CreateAccount", ctx.idempotency_key, ctx.fingerprint, AccountView),
            opens=Opening(command.program_id, command.customer_id),
        )
    )
