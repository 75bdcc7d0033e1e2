"""An order was delivered: the return window of its points begins."""

from datetime import datetime

from services.loyalty.application.ports import Change, Needs, Ports
from services.loyalty.application.reactions.events import OrderDelivered
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.earning import deliver


async def on_order_delivered(ports: Ports, event: OrderDelivered) -> None:
    """Fix when the order's points become spendable; noted for later when it has not earned yet."""
    heard = event.heard

    def decide(account: Account, program: Program, now: datetime) -> None:
        deliver(account, program, event.order_id, event.delivered_at, now)

    await ports.accounts.change(
        Change(heard.tenant_id, heard.account_id, decide, Needs(orders=(event.order_id,)), inbox=heard.inbox)
    )
