"""Refunds tell what became of the money: `refund.completed` and `refund.failed`."""

from dataclasses import dataclass

from services.chassis.kernel.context import Actor, ActorType
from services.chassis.kernel.unit_of_work import AlreadyHandledError, Inbox
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.cases.settlement import Leg, return_id_of
from services.returns.domain.cases.settling import refund_told
from services.returns.domain.cases.story import Story

HANDLER = "refund_told"
_ACTOR = Actor(ActorType.SYSTEM, "refunds")


@dataclass(frozen=True, slots=True)
class RefundTold:
    """`key` is what the refund was asked for with; `sequence` orders what refunds tells about it."""

    event_id: str
    tenant_id: str
    key: str
    sequence: int
    succeeded: bool


async def on_refund_told(ports: Ports, event: RefundTold) -> None:
    """Note it on the settlement of that key (T13, T14, T19); a refund of another origin is none of ours."""
    return_id = return_id_of(event.key)
    if return_id is None:
        return
    leg = Leg.DONE if event.succeeded else Leg.FAILED
    now = ports.clock.now()

    async def work(tx: ReturnsTransaction) -> None:
        before = await tx.cases.find(event.tenant_id, return_id)
        if before is None:
            return
        story = Story(_ACTOR, now)
        case = refund_told(before, event.key, leg, event.sequence, story)
        if case != before:
            await tx.cases.save(case)
            await tx.keep(story)

    try:
        await ports.uow.within(Inbox(HANDLER, event.event_id)).run(work)
    except AlreadyHandledError:
        return
