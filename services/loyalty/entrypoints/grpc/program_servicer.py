"""ProgramService."""

# ruff: noqa: N802 - the methods have their RPCs' names

from typing import Any

from aftercare.loyalty.v1 import program_service_pb2 as pb
from aftercare.loyalty.v1 import program_service_pb2_grpc, resources_pb2
from services.chassis.grpc.context import request_context
from services.loyalty.application.ports import Ports
from services.loyalty.application.queries.get_program import get_program
from services.loyalty.application.use_cases.create_program import CreateProgram, create_program
from services.loyalty.entrypoints.grpc import answers
from services.loyalty.entrypoints.grpc.mapping import to_program

Context = Any  # grpc.aio's; nothing of it is used here


class ProgramServicer(program_service_pb2_grpc.ProgramServiceServicer):
    """See program_service.proto."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def CreateProgram(self, request: pb.CreateProgramRequest, _: Context) -> resources_pb2.Program:
        """Creates a programme."""
        ctx = request_context(request)
        command = CreateProgram(ctx, to_program(ctx.tenant_id, request.program))
        return answers.program((await create_program(self._ports, command)).value)

    async def GetProgram(self, request: pb.GetProgramRequest, _: Context) -> resources_pb2.Program:
        """Reads a programme."""
        return answers.program(await get_program(self._ports, request.ctx.tenant_id, request.program_id))
