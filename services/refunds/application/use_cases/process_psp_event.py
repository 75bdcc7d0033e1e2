"""Act on a stored webhook: read the refund again, for webhooks come late, twice and in any order."""

from datetime import timedelta

from services.refunds.application.ports import Ports, Transaction
from services.refunds.application.ports.transaction import PspEvent, PspEventState
from services.refunds.application.use_cases.record_refund import record
from services.refunds.domain import recording, sending
from services.refunds.domain.provider import ProviderRefund, ProviderTroubleError

_BATCH = 50
_MOST_TRIES = 30  # with the back-off: about two hours
_LEASE = timedelta(seconds=60)


async def process_psp_events(ports: Ports, budget: int = 500) -> int:
    """Work on stored webhooks until none is due or `budget` were looked at. Returns how many."""
    done = 0
    while done < budget:
        now = ports.clock.now()
        due = await ports.uow.read(lambda tx: tx.psp_events.due(now, _BATCH))  # noqa: B023 - awaited in the same turn
        if not due:
            break
        for event_id in due:
            await process_psp_event(ports, event_id)
        done += len(due)
    return done


async def process_psp_event(ports: Ports, event_id: str) -> None:
    """Act on one, if nobody else is at it. It is marked done in the same commit as its effect."""
    event = await _take(ports, event_id)
    if event is None or event.refund is None:
        return
    refund = event.refund
    try:
        current = (
            None if await _known(ports, refund) else await ports.offload(ports.provider.get_refund, refund.id)
        )
    except ProviderTroubleError:
        await ports.commit(lambda tx: _later(ports, tx, event))
        return

    async def work(tx: Transaction) -> None:
        stored = await tx.psp_events.get(event.event_id)
        if stored is None or stored.state is not PspEventState.NEW:
            return
        if current is not None:
            await record(ports, tx, current, event.tenant_id)
        stored.state, stored.due_at = PspEventState.DONE, None
        await tx.psp_events.save(stored)

    await ports.commit(work)


async def _take(ports: Ports, event_id: str) -> PspEvent | None:
    async def work(tx: Transaction) -> PspEvent | None:
        now = ports.clock.now()
        event = await tx.psp_events.get(event_id)
        if event is None or event.due_at is None or event.due_at > now:
            return None
        if event.refund is None:
            event.state, event.due_at = PspEventState.KEPT, None
        else:
            event.due_at = now + _LEASE
        await tx.psp_events.save(event)
        return event

    return await ports.commit(work)


async def _known(ports: Ports, refund: ProviderRefund) -> bool:
    """Whether our leg says what the event says: then there is nothing to read."""

    async def query(tx: Transaction) -> bool:
        held = await tx.legs.by_provider_refunds([refund.id])
        return any(recording.holds_already(leg, refund) for leg in held)

    return await ports.uow.read(query)


async def _later(ports: Ports, tx: Transaction, event: PspEvent) -> None:
    stored = await tx.psp_events.get(event.event_id)
    if stored is None or stored.state is not PspEventState.NEW:
        return
    stored.tries += 1
    if stored.tries >= _MOST_TRIES:
        stored.state, stored.due_at = PspEventState.PARKED, None
    else:
        stored.due_at = ports.clock.now() + sending.backoff(stored.tries, ports.jitter())
    await tx.psp_events.save(stored)
