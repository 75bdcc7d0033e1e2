"""GetProgram."""

from services.loyalty.application.ports import Ports
from services.loyalty.domain.program import Program


async def get_program(ports: Ports, tenant_id: str, program_id: str) -> Program:
    """Raises PROGRAM_NOT_FOUND."""
    return await ports.programs.get(tenant_id, program_id)
