"""Calling a return off before the courier has it."""

from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.unit_of_work import Answer
from services.returns.application.carrier_effects import PickupOf, cancel_case
from services.returns.application.loading import load_case
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.application.use_cases.finish_cancel import finish_cancel
from services.returns.domain.cases.calling_off import ask_cancel
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.states import CaseState, PickupState
from services.returns.domain.cases.story import Story
from services.returns.domain.cases.transitions import CANCEL, check
from services.returns.domain.errors import precondition


@dataclass(frozen=True, slots=True)
class CancelReturn:
    """Call this return off."""

    ctx: RequestContext
    return_id: str


@dataclass(frozen=True, slots=True)
class CancelAsked:
    """What is stored as the answer; `pickup_id` is the courier's visit to cancel first, if any."""

    return_id: str
    pickup_id: str


async def cancel_return(ports: Ports, command: CancelReturn) -> Answer[ReturnCase]:
    """The return CANCELLED, or still APPROVED with its pickup CANCEL_REQUESTED while the courier decides.

    The wish is committed before the courier is asked; a scan in the courier's hands wins over it (T16).
    Raises RETURN_NOT_FOUND, ALREADY_COLLECTED, ALREADY_RECEIVED, PICKUP_CUTOFF_PASSED, WRONG_STATE.
    """
    ctx = command.ctx
    asked = await ports.uow.once("CancelReturn", ctx, CancelAsked, lambda tx: _ask(ports, command, tx))
    if asked.value.pickup_id and not asked.replayed:
        await finish_cancel(ports, PickupOf(ctx, asked.value.return_id, asked.value.pickup_id))
    case = await ports.uow.read(lambda tx: load_case(tx, ctx, asked.value.return_id))
    if case.state is not CaseState.CANCELLED and not case.is_being_cancelled:
        check(case, CANCEL)
        raise precondition(
            "PICKUP_CUTOFF_PASSED", "the courier can no longer be called off; it will come for the parcel"
        )
    return Answer(case, asked.replayed)


async def _ask(ports: Ports, command: CancelReturn, tx: ReturnsTransaction) -> CancelAsked:
    ctx = command.ctx
    case = await load_case(tx, ctx, command.return_id)
    if case.state is CaseState.CANCELLED:
        return CancelAsked(case.return_id, "")
    story = Story(ctx.actor, ports.clock.now(), ctx.reason_code)
    case, pickup = ask_cancel(case, story)
    if pickup is None:
        case = await cancel_case(tx, case, story)
    await tx.cases.save(case)
    await tx.keep(story)
    waits = pickup is not None and pickup.state is PickupState.CANCEL_REQUESTED
    return CancelAsked(case.return_id, pickup.pickup_id if pickup is not None and waits else "")
