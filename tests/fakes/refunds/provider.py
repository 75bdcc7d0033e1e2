"""A payment provider in memory, by Stripe's rules: for tests that need no HTTP."""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from services.chassis.kernel.money import Money
from services.refunds.domain.provider import (
    ProviderMovement,
    ProviderRefund,
    ProviderStatus,
    ProviderTroubleError,
    RefundOrder,
    Trouble,
)


@dataclass
class FakeProvider:
    """See `PaymentProvider`. `pay` makes a captured payment, `trouble` spoils the next create calls.

    A spoiled call has its effect first when `effect` says so.
    """

    account: str = "fake"
    livemode: bool = False
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    paid: dict[str, Money] = field(default_factory=dict)
    refunds: dict[str, ProviderRefund] = field(default_factory=dict)
    movements: list[ProviderMovement] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    _answers: dict[str, tuple[str, ProviderRefund]] = field(default_factory=dict)
    _troubles: list[tuple[Trouble, bool]] = field(default_factory=list)

    def pay(self, amount: Money) -> str:
        payment_id = f"pi_{len(self.paid) + 1}"
        self.paid[payment_id] = amount
        return payment_id

    def trouble(self, kind: Trouble, *, effect: bool = False) -> None:
        self._troubles.append((kind, effect))

    def parameters(self, order: RefundOrder) -> dict[str, object]:
        return {
            "payment": order.provider_payment_id,
            "minor": order.amount.minor,
            "currency": order.amount.currency,
            "leg_id": order.leg_id,
        }

    def create_refund(self, parameters: Mapping[str, object], idempotency_key: str) -> ProviderRefund:
        self.calls.append(idempotency_key)
        trouble, effect = self._troubles.pop(0) if self._troubles else (None, True)
        if trouble is not None and not effect:
            raise ProviderTroubleError(trouble, "spoiled")
        body = json.dumps(parameters, sort_keys=True)
        if idempotency_key in self._answers:
            told, answer = self._answers[idempotency_key]
            if told != body:
                raise ProviderTroubleError(Trouble.KEY_MISMATCH, "the key was used with other parameters")
        else:
            answer = self._make(parameters)
            self._answers[idempotency_key] = (body, answer)
        if trouble is not None:
            raise ProviderTroubleError(trouble, "spoiled")
        return copy.copy(answer)

    def get_refund(self, provider_refund_id: str) -> ProviderRefund:
        if provider_refund_id not in self.refunds:
            raise ProviderTroubleError(Trouble.REFUSED, "no such refund", "resource_missing")
        return self.refunds[provider_refund_id]

    def list_refunds(self, provider_payment_id: str) -> Sequence[ProviderRefund]:
        return [r for r in self.refunds.values() if r.provider_payment_id == provider_payment_id][::-1]

    def list_movements(self, from_at: datetime, to_at: datetime) -> Sequence[ProviderMovement]:
        return [move for move in self.movements if from_at <= move.at < to_at][::-1]

    def fail(self, provider_refund_id: str) -> None:
        refund = self.refunds[provider_refund_id]
        self.refunds[refund.id] = replace(refund, status=ProviderStatus.FAILED, failure_reason="declined")
        self._move(refund, -refund.amount, came_back=True)

    def _make(self, parameters: Mapping[str, object]) -> ProviderRefund:
        payment_id = str(parameters["payment"])
        if payment_id not in self.paid:
            raise ProviderTroubleError(Trouble.REFUSED, "no such payment", "resource_missing")
        amount = Money(int(str(parameters["minor"])), str(parameters["currency"]))
        dead = (ProviderStatus.FAILED, ProviderStatus.CANCELED)
        out = sum(r.amount.minor for r in self.list_refunds(payment_id) if r.status not in dead)
        if out + amount.minor > self.paid[payment_id].minor:
            raise ProviderTroubleError(Trouble.ALREADY_REFUNDED, "greater than what is left")
        refund = ProviderRefund(
            f"re_{len(self.refunds) + 1}",
            ProviderStatus.SUCCEEDED,
            amount,
            payment_id,
            str(parameters["leg_id"]),
        )
        self.refunds[refund.id] = refund
        self._move(refund, amount, came_back=False)
        return refund

    def _move(self, refund: ProviderRefund, amount: Money, *, came_back: bool) -> None:
        nothing = Money.zero(amount.currency)
        move_id = f"txn_{len(self.movements) + 1}"
        self.movements.append(ProviderMovement(move_id, refund.id, amount, nothing, self.now, came_back))
