"""Loyalty tells that the points of a return are done: `points.return_processed`."""

from dataclasses import dataclass

from services.chassis.kernel.context import Actor, ActorType
from services.chassis.kernel.unit_of_work import AlreadyHandledError, Inbox
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.cases.settling import points_told
from services.returns.domain.cases.story import Story

HANDLER = "points_return_processed"
_ACTOR = Actor(ActorType.SYSTEM, "loyalty")


@dataclass(frozen=True, slots=True)
class PointsReturnProcessed:
    """The points side of a return is done."""

    event_id: str
    tenant_id: str
    return_id: str


async def on_points_return_processed(ports: Ports, event: PointsReturnProcessed) -> None:
    """Note it on the return's settlement (T13, T19), before or after the money's word."""
    now = ports.clock.now()

    async def work(tx: ReturnsTransaction) -> None:
        before = await tx.cases.find(event.tenant_id, event.return_id)
        if before is None:
            return
        story = Story(_ACTOR, now)
        case = points_told(before, story)
        if case != before:
            await tx.cases.save(case)
            await tx.keep(story)

    try:
        await ports.uow.within(Inbox(HANDLER, event.event_id)).run(work)
    except AlreadyHandledError:
        return
