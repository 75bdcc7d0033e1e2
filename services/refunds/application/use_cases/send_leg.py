"""The sender: take a leg that is due, write ahead, call the provider, record (refunds.md 4.4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.refunds.application.ports import Ports, Transaction
from services.refunds.application.use_cases.record_refund import alarm, conclude, record
from services.refunds.domain import sending
from services.refunds.domain.leg import Leg, LegState, idempotency_key
from services.refunds.domain.provider import ProviderRefund, ProviderTroubleError
from services.refunds.domain.sending import Action

_STEPS = 4  # a refusal is followed by a look, that perhaps by a new attempt; then others get their turn
_BATCH = 20


@dataclass(frozen=True, slots=True)
class Step:
    """A leg taken for one action, as it was written ahead."""

    action: Action
    leg: Leg


async def send_due_legs(ports: Ports, budget: int = 200) -> int:
    """Work on legs that are due until none is left or `budget` of them were looked at. Returns how many."""
    done = 0
    while done < budget:
        now = ports.clock.now()
        due = await ports.uow.read(lambda tx: tx.legs.due(now, _BATCH))  # noqa: B023 - awaited in the same turn
        if not due:
            break
        # Senders side by side see the same list: each begins somewhere else, so that they seldom collide.
        first = int(ports.jitter() * len(due)) % len(due)
        for leg_id in [*due[first:], *due[:first]]:
            await send_leg(ports, leg_id)
        done += len(due)
    return done


async def send_leg(ports: Ports, leg_id: str) -> None:
    """Do what a leg needs now, if anything and if nobody else is at it."""
    for _ in range(_STEPS):
        step = await _take(ports, leg_id)
        if step is None:
            return
        await _do(ports, step)


async def _take(ports: Ports, leg_id: str) -> Step | None:
    """Claim the leg and write ahead, in one commit: a crash from here on is found by the lease's end."""
    ports.crash_point("before_write_ahead")

    async def work(tx: Transaction) -> Step | None:
        now = ports.clock.now()
        leg = await tx.legs.get(leg_id)
        if leg is None or leg.due_at is None or leg.due_at > now:
            return None
        action = sending.next_action(leg, now)
        if action is None:
            leg.due_at = None
        else:
            sending.claim(leg, ports.owner, now)
            _write_ahead(ports, leg, action)
        await tx.legs.save(leg)
        return Step(action, leg) if action else None

    step = await ports.commit(work)
    ports.crash_point("after_write_ahead")
    return step


def _write_ahead(ports: Ports, leg: Leg, action: Action) -> None:
    now = ports.clock.now()
    if action is Action.SEND:
        attempt = leg.attempt + 1
        key = idempotency_key(ports.provider.account, leg.leg_id, attempt, livemode=ports.provider.livemode)
        sending.begin_attempt(leg, key, ports.provider.parameters(leg.order(attempt)), now)
    if action in {Action.SEND, Action.REPLAY}:
        sending.about_to_call(leg, now)


async def _do(ports: Ports, step: Step) -> None:
    try:
        found = await _call(ports, step)
    except ProviderTroubleError as error:
        await _in_trouble(ports, step, error)
        return
    ports.crash_point("after_call")

    async def work(tx: Transaction) -> None:
        mine = _of(step.leg, found)
        for refund in mine:
            await record(ports, tx, refund, step.leg.tenant_id)
        if not mine:
            await _absent(ports, tx, step)

    await ports.commit(work)
    ports.crash_point("after_record")


async def _call(ports: Ports, step: Step) -> Sequence[ProviderRefund]:
    leg, provider = step.leg, ports.provider
    match step.action:
        case Action.SEND | Action.REPLAY:
            return [await ports.offload(provider.create_refund, leg.params, leg.idempotency_key)]
        case Action.POLL:
            return [await ports.offload(provider.get_refund, leg.provider_refund_id)]
        case Action.LIST:
            return await ports.offload(provider.list_refunds, leg.provider_payment_id)


def _of(leg: Leg, refunds: Sequence[ProviderRefund]) -> list[ProviderRefund]:
    """Those that are this leg's: by our id in their metadata, or by the id we hold."""
    return [r for r in refunds if r.leg_id == leg.leg_id or r.id == leg.provider_refund_id]


async def _in_trouble(ports: Ports, step: Step, error: ProviderTroubleError) -> None:
    async def work(tx: Transaction) -> None:
        leg = await _still_mine(tx, step)
        if leg is None:
            return  # a webhook or another worker has settled it meanwhile: that wins
        before, now = leg.state, ports.clock.now()
        if step.action in {Action.SEND, Action.REPLAY}:
            found = sending.on_trouble(leg, error, now, ports.jitter())
            if found is not None:
                await alarm(ports, tx, leg, found)
        else:
            sending.on_lookup_trouble(leg, error, now, ports.jitter())
        await tx.legs.save(leg)
        await conclude(ports, tx, leg, before)

    await ports.commit(work)


async def _absent(ports: Ports, tx: Transaction, step: Step) -> None:
    leg = await _still_mine(tx, step)
    if leg is None:
        return
    before = leg.state
    found = sending.on_absent(leg, ports.clock.now())
    if found is not None:
        await alarm(ports, tx, leg, found)
    await tx.legs.save(leg)
    await conclude(ports, tx, leg, before)


async def _still_mine(tx: Transaction, step: Step) -> Leg | None:
    """The leg, if nobody has moved it since we took it."""
    leg = await tx.legs.get(step.leg.leg_id)
    if leg is None or leg.version != step.leg.version or leg.state is LegState.SUCCEEDED:
        return None
    return leg
