"""SimulateReturn."""

from datetime import datetime

from services.loyalty.application.ports import Ports
from services.loyalty.application.use_cases.process_return import return_needs
from services.loyalty.domain.account import Account
from services.loyalty.domain.orders import Returned
from services.loyalty.domain.program import Program
from services.loyalty.domain.rules.returning import ReturnOutcome, process_return


async def simulate_return(
    ports: Ports, tenant_id: str, account_id: str, order_id: str, goods: Returned
) -> ReturnOutcome:
    """The same figures as ProcessReturn, with the same errors, and nothing written."""

    def decide(account: Account, program: Program, now: datetime) -> ReturnOutcome:
        return process_return(account, program, order_id, goods, now)

    return await ports.accounts.look(tenant_id, account_id, decide, return_needs(order_id))
