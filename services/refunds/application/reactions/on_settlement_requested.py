"""A return is to be settled: its money goes out, once per settlement key."""

from dataclasses import dataclass, replace

from services.chassis.kernel.context import system_context
from services.chassis.kernel.errors import AftercareError
from services.chassis.kernel.money import Money
from services.chassis.kernel.unit_of_work import Inbox
from services.refunds.application.ports import Ports, Transaction
from services.refunds.application.use_cases.create_refund import (
    CreatedRefund,
    CreateRefund,
    drive_again,
    new_refund,
    owe,
)

HANDLER = "on_settlement_requested"
_HOPELESS = ("OVER_CAP", "CURRENCY_MISMATCH", "BAD_AMOUNT")


@dataclass(frozen=True, slots=True)
class SettlementRequested:
    """The event, as far as it concerns us."""

    event_id: str
    tenant_id: str
    return_id: str
    order_id: str
    settlement_key: str
    cash: Money
    trigger: str


async def on_settlement_requested(ports: Ports, event: SettlementRequested) -> None:
    """Owe the money under the settlement's key. Nothing to pay is done at once.

    Raises PAYMENT_NOT_FOUND while the order's payments are not known: events come in any order, so the
    handler's delayed retries wait for them. What no waiting can cure (more than the cap, another currency)
    becomes a failed refund, so that the return hears of it instead of waiting for ever.
    """
    command = CreateRefund(
        system_context(event.tenant_id, "refunds.work", event.settlement_key),
        event.order_id,
        event.return_id,
        event.cash,
        event.trigger,
    )

    async def work(tx: Transaction) -> CreatedRefund:
        known = await drive_again(ports, tx, command)
        if known is not None:
            return known
        if event.cash.minor == 0:
            return await _settle_nothing(ports, tx, command)
        try:
            return await owe(ports, tx, command)
        except AftercareError as error:
            if error.reason not in _HOPELESS:
                raise
            return await _refuse(ports, tx, command, error)

    inside = replace(ports, uow=ports.uow.within(Inbox(HANDLER, event.event_id)))
    await inside.commit(work)


async def _settle_nothing(ports: Ports, tx: Transaction, command: CreateRefund) -> CreatedRefund:
    refund = new_refund(ports, command)
    refund.request()
    refund.judge([], refund.created_at)
    await tx.refunds.add(refund)
    return CreatedRefund(refund, [])


async def _refuse(
    ports: Ports, tx: Transaction, command: CreateRefund, error: AftercareError
) -> CreatedRefund:
    # `owe` decides before it writes, so nothing of it is in this commit.
    refund = new_refund(ports, command)
    refund.request()
    refund.fail(error.reason, refund.created_at)
    await tx.refunds.add(refund)
    return CreatedRefund(refund, [])
