"""The story of a return: what is told to others and what the timeline keeps, with actor and reason."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from services.chassis.kernel.context import Actor
from services.chassis.kernel.events import DomainEvent
from services.chassis.kernel.money import Money
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.settlement import Settlement


@dataclass(frozen=True, slots=True)
class ReturnProgressed:
    """A step of a return as others see it: the case after it, and details in words."""

    case: ReturnCase
    detail: str


@dataclass(frozen=True, slots=True)
class SettlementRequested:
    """`return.settlement_requested`: refunds and loyalty are to act, once per key."""

    case: ReturnCase
    settlement: Settlement
    points: int
    cash: Money


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One step of the story; append-only. `sequence` is the case's own count."""

    tenant_id: str
    return_id: str
    sequence: int
    at: datetime
    type: str
    actor: str
    reason: str
    detail: str


@dataclass(slots=True)
class Story:
    """Collects what one commit tells. `actor` acts at `at`, for `reason`."""

    actor: Actor
    at: datetime
    reason: str = ""
    events: list[DomainEvent] = field(default_factory=list)
    entries: list[TimelineEntry] = field(default_factory=list)

    def tell(
        self, case: ReturnCase, topic: str, detail: str = "", settlement: Settlement | None = None
    ) -> ReturnCase:
        """Tell others and the timeline; the case with its count gone up."""
        case = self.note(case, topic, detail)
        data: object = ReturnProgressed(case, detail)
        if settlement is not None:
            data = SettlementRequested(case, settlement, settlement.totals.points, settlement.totals.cash)
        self.events.append(DomainEvent(topic, case.tenant_id, case.return_id, case.sequence, self.at, data))
        return case

    def note(self, case: ReturnCase, topic: str, detail: str = "") -> ReturnCase:
        """Only for the timeline."""
        case = replace(case, sequence=case.sequence + 1)
        self.entries.append(
            TimelineEntry(
                case.tenant_id,
                case.return_id,
                case.sequence,
                self.at,
                topic,
                f"{self.actor.type}:{self.actor.id}",
                self.reason,
                detail,
            )
        )
        return case
