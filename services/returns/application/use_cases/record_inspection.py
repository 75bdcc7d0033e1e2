"""Grading units; with the last received one the settlement starts."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.access import check_staff
from services.returns.domain.cases.inspecting import JudgedLine, inspect
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.settling import settle
from services.returns.domain.cases.states import CaseState
from services.returns.domain.cases.story import Story
from services.returns.domain.errors import order_not_found


@dataclass(frozen=True, slots=True)
class RecordInspection:
    """Judgements on received units."""

    ctx: RequestContext
    return_id: str
    lines: Sequence[JudgedLine]


async def record_inspection(ports: Ports, command: RecordInspection) -> Answer[ReturnCase]:
    """The return with the judgements (T9, T10) and, once INSPECTED, with its settlement sent out (T12).

    Raises RETURN_NOT_FOUND, NOT_RECEIVED, REDUCTION_REQUIRED, REDUCTION_NOT_ALLOWED, WRONG_STATE.
    """
    ctx, now = command.ctx, ports.clock.now()
    check_staff(ctx.actor, "grade returned goods")

    async def work(tx: ReturnsTransaction) -> ReturnCase:
        story = Story(ctx.actor, now, ctx.reason_code)
        case = inspect(await load_case(tx, ctx, command.return_id), command.lines, story)
        if case.state is CaseState.INSPECTED:
            case = await _settle(tx, case, story)
        case = await tx.cases.save(case)
        await tx.keep(story)
        return case

    return await ports.uow.once("RecordInspection", ctx, ReturnCase, work)


async def _settle(tx: ReturnsTransaction, case: ReturnCase, story: Story) -> ReturnCase:
    order = await tx.orders.find(case.tenant_id, case.order_id)
    if order is None:
        raise order_not_found(case.order_id)
    case, changed = settle(case, order, "INSPECTED", story)
    if changed != order:
        await tx.orders.save(changed)
    return case
