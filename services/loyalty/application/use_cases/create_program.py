"""CreateProgram."""

from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.loyalty.application.ports import Ports
from services.loyalty.domain.program import Program, checked


@dataclass(frozen=True, slots=True)
class CreateProgram:
    """Store a new programme."""

    ctx: RequestContext
    program: Program


async def create_program(ports: Ports, command: CreateProgram) -> Answer[Program]:
    """Raises PROGRAM_EXISTS, INVALID_TIMEZONE, INVALID_CURRENCY."""
    return await ports.programs.create(command.ctx, checked(command.program))
