"""Booking the courier."""

from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.returns.application.carrier_calls import refusal
from services.returns.application.carrier_effects import PickupOf
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.application.use_cases.finish_booking import finish_booking
from services.returns.domain.carriage import Address
from services.returns.domain.cases.booking import Wish, ask_pickup, resume
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.states import PickupState
from services.returns.domain.cases.story import Story
from services.returns.domain.errors import booking_in_progress


@dataclass(frozen=True, slots=True)
class BookPickup:
    """A slot of ListSlots, and where."""

    ctx: RequestContext
    return_id: str
    slot_id: str
    address: Address


@dataclass(frozen=True, slots=True)
class PickupAsked:
    """What is stored as the answer: the pickup itself goes on changing."""

    return_id: str
    pickup_id: str


async def book_pickup(ports: Ports, command: BookPickup) -> Answer[ReturnCase]:
    """The return with its pickup: SCHEDULED, or BOOKING_UNKNOWN while it is being found out.

    The wish is committed before the courier is asked, so a second call with the same key, or the timer after
    a crash, goes on with the same booking. Raises RETURN_NOT_FOUND, SLOT_TAKEN, PICKUP_CUTOFF_PASSED,
    NO_COVERAGE, CARRIER_REFUSED, PICKUP_ALREADY_BOOKED, ALREADY_COLLECTED, ALREADY_RECEIVED; and for the
    same call to be repeated CARRIER_DOWN (nothing is booked) and BOOKING_IN_PROGRESS.
    """
    ctx = command.ctx
    asked = await ports.uow.once("BookPickup", ctx, PickupAsked, lambda tx: _ask(ports, command, tx))
    of = PickupOf(ctx, asked.value.return_id, asked.value.pickup_id)
    if not asked.replayed or await _is_ours_to_resume(ports, of):
        await finish_booking(ports, of, look_first=asked.replayed)
    case = await ports.uow.read(lambda tx: load_case(tx, ctx, of.return_id))
    pickup = case.pickup(of.pickup_id)
    if pickup.state is PickupState.BOOKING_FAILED:
        raise refusal(pickup.failure, "choose another slot or try again", pickup.carrier)
    if pickup.state is PickupState.REQUESTED:
        raise booking_in_progress(pickup.carrier)
    return Answer(case, asked.replayed)


async def _ask(ports: Ports, command: BookPickup, tx: ReturnsTransaction) -> PickupAsked:
    ctx = command.ctx
    case = await load_case(tx, ctx, command.return_id)
    story = Story(ctx.actor, ports.clock.now(), ctx.reason_code)
    wish = Wish(ports.ids.new("pic"), ports.carrier, command.slot_id, command.address)
    await tx.cases.save(ask_pickup(case, wish, story))
    await tx.keep(story)
    return PickupAsked(case.return_id, wish.pickup_id)


async def _is_ours_to_resume(ports: Ports, of: PickupOf) -> bool:
    async def work(tx: ReturnsTransaction) -> bool:
        case = await load_case(tx, of.ctx, of.return_id)
        resumed = resume(case, case.pickup(of.pickup_id), ports.clock.now())
        if resumed is None:
            return False
        await tx.cases.save(resumed)
        return True

    return await ports.uow.run(work)
