"""A return is settled: its points move, once."""

from datetime import datetime

from services.chassis.kernel.errors import AftercareError
from services.loyalty.application.ports import Change, Ports
from services.loyalty.application.reactions.events import SettlementRequested
from services.loyalty.application.use_cases.process_return import return_needs
from services.loyalty.domain import errors
from services.loyalty.domain.account import Account
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.returning import park_return, process_return


async def on_settlement_requested(ports: Ports, event: SettlementRequested) -> None:
    """Process the return; before the order has earned, keep it until then. A second time changes nothing."""
    heard = event.heard

    def decide(account: Account, program: Program, now: datetime) -> None:
        if park_return(account, event.order_id, event.goods):
            return
        try:
            process_return(account, program, event.order_id, event.goods, now)
        except AftercareError as error:
            if error.reason != errors.DUPLICATE_SOURCE:
                raise

    await ports.accounts.change(
        Change(heard.tenant_id, heard.account_id, decide, return_needs(event.order_id), inbox=heard.inbox)
    )
