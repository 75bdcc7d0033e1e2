"""A return was asked for: the order's pending points wait for its end."""

from datetime import datetime

from services.loyalty.application.ports import Change, Needs, Ports
from services.loyalty.application.reactions.events import ReturnMoved
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.earning import open_return


async def on_return_requested(ports: Ports, event: ReturnMoved) -> None:
    """Hold the order's pending points back, unless the return's end was heard of before."""
    heard = event.heard

    def decide(account: Account, program: Program, now: datetime) -> None:
        open_return(account, program, event.order_id, event.return_id, now)

    await ports.accounts.change(
        Change(heard.tenant_id, heard.account_id, decide, Needs(orders=(event.order_id,)), inbox=heard.inbox)
    )
