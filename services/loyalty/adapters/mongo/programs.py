"""Programmes: read often, changed rarely, so kept in memory for a few seconds."""

import time
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer, UnitOfWork
from services.chassis.mongo.client import DatabaseHandle, Document
from services.chassis.mongo.unit_of_work import Scope
from services.loyalty.domain import errors
from services.loyalty.domain.basket_points import EarnRule, FixedBonus, Rounding
from services.loyalty.domain.program import ClawbackPolicy, Program

PROGRAMS = "programs"
FRESH_SECONDS = 5.0


class MongoPrograms:
    """See `services.loyalty.application.ports.Programs`."""

    def __init__(self, database: DatabaseHandle, uow: UnitOfWork[Scope]) -> None:
        self._database = database
        self._uow = uow
        self._known: dict[tuple[str, str], tuple[float, Program]] = {}

    async def get(self, tenant_id: str, program_id: str) -> Program:
        """See the port."""
        known = self._known.get((tenant_id, program_id))
        if known is not None and time.monotonic() - known[0] < FRESH_SECONDS:
            return known[1]
        row = await self._database[PROGRAMS].find_one({"_id": f"{tenant_id}/{program_id}"})
        if row is None:
            raise errors.program_not_found(program_id)
        program = to_program(row)
        if known is not None and known[1] == program:
            program = known[1]  # with the zone that it has worked out
        self._known[tenant_id, program_id] = (time.monotonic(), program)
        return program

    async def create(self, ctx: RequestContext, program: Program) -> Answer[Program]:
        """See the port."""

        async def insert(scope: Scope) -> Program:
            await scope.database[PROGRAMS].insert_one(to_document(program), session=scope.session)
            return program

        try:
            return await self._uow.once("CreateProgram", ctx, Program, insert)
        except DuplicateKeyError as error:
            raise errors.program_exists(program.program_id) from error


def to_document(program: Program) -> Document:
    """The document of a programme."""
    return {
        "_id": f"{program.tenant_id}/{program.program_id}",
        "tenant_id": program.tenant_id,
        "program_id": program.program_id,
        "display_name": program.display_name,
        "timezone": program.timezone,
        "currency": program.currency,
        "earn": [
            program.earn.rate_num,
            program.earn.rate_den,
            program.earn.rounding.value,
            [list(bonus) for bonus in program.earn.bonuses],
        ],
        "clawback_policy": program.clawback_policy.value,
        "return_window_days": program.return_window_days,
        "expiry_months": program.expiry_months,
        "points_per_major_unit": program.points_per_major_unit,
        "restore_grace_days": program.restore_grace_days,
        "version": program.version,
    }


def to_program(row: Document) -> Program:
    """The programme in a document."""
    rate_num, rate_den, rounding, bonuses = row["earn"]
    values: dict[str, Any] = {key: value for key, value in row.items() if key not in ("_id", "earn")}
    values["clawback_policy"] = ClawbackPolicy(row["clawback_policy"])
    rule = EarnRule(rate_num, rate_den, Rounding(rounding), tuple(FixedBonus(*bonus) for bonus in bonuses))
    return Program(earn=rule, **values)
