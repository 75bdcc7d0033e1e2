"""A return was closed, cancelled or rejected: nothing waits for it any longer."""

from datetime import datetime

from services.loyalty.application.ports import Change, Needs, Ports
from services.loyalty.application.reactions.events import ReturnMoved
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.earning import close_return


async def on_return_ended(ports: Ports, event: ReturnMoved) -> None:
    """Let the order's pending points go on, once no other return of it is open."""
    heard = event.heard

    def decide(account: Account, program: Program, now: datetime) -> None:
        close_return(account, program, event.order_id, event.return_id, now)

    await ports.accounts.change(
        Change(heard.tenant_id, heard.account_id, decide, Needs(orders=(event.order_id,)), inbox=heard.inbox)
    )
