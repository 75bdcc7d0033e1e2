"""An order was paid: it earns."""

from datetime import datetime

from services.chassis.kernel.errors import AftercareError
from services.loyalty.application.ports import Change, Needs, Opening, Ports
from services.loyalty.application.reactions.events import OrderPaid
from services.loyalty.application.use_cases.earn_points import earn_now
from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program


async def on_order_paid(ports: Ports, event: OrderPaid) -> None:
    """Earn pending points; a member we have not met joins by it. An order that has earned stays as it is."""
    heard = event.heard

    def decide(account: Account, program: Program, now: datetime) -> None:
        try:
            earn_now(account, program, event.basket, now)
        except AftercareError as error:
            if error.reason != errors.DUPLICATE_SOURCE:
                raise

    await ports.accounts.change(
        Change(
            heard.tenant_id,
            heard.account_id,
            decide,
            Needs(orders=(event.basket.order_id,), spent_on=event.basket.order_id),
            opens=Opening(event.program_id, event.customer_id) if event.program_id else None,
            inbox=heard.inbox,
        )
    )
