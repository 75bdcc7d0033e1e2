"""SimulateEarn."""

from services.loyalty.application.ports import Ports
from services.loyalty.domain.basket_points import BasketPoints, points_of
from services.loyalty.domain.orders import Basket
from services.loyalty.domain.rules.earning import checked


async def simulate_earn(ports: Ports, tenant_id: str, program_id: str, basket: Basket) -> BasketPoints:
    """What the basket would earn now. Raises PROGRAM_NOT_FOUND, INVALID_CURRENCY, INVALID_POINTS."""
    program = await ports.programs.get(tenant_id, program_id)
    return points_of(program.earn, [line.net for line in checked(program, basket).lines])
