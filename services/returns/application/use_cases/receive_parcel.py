"""Counting a parcel's contents in."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.access import check_staff
from services.returns.domain.cases.receiving import CountedLine, receive
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.story import Story


@dataclass(frozen=True, slots=True)
class ReceiveParcel:
    """What was in the parcel; counts of several parcels add up."""

    ctx: RequestContext
    return_id: str
    lines: Sequence[CountedLine]


async def receive_parcel(ports: Ports, command: ReceiveParcel) -> Answer[ReturnCase]:
    """The return with the units counted in (T7).

    Raises RETURN_NOT_FOUND, UNEXPECTED_QUANTITY, WRONG_STATE.
    """
    ctx, now = command.ctx, ports.clock.now()
    check_staff(ctx.actor, "receive parcels")

    async def work(tx: ReturnsTransaction) -> ReturnCase:
        case = await load_case(tx, ctx, command.return_id)
        story = Story(ctx.actor, now, ctx.reason_code)
        case = await tx.cases.save(receive(case, command.lines, story))
        await tx.keep(story)
        return case

    return await ports.uow.once("ReceiveParcel", ctx, ReturnCase, work)
