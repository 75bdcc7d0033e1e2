"""Events as the domain records them; adapters turn them into protobuf for the wire."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """Something that happened to an aggregate.

    `type` is the past-tense topic (`points.earned`), `sequence` grows with each event of the aggregate
    and is unique with it, `data` is the service's own frozen dataclass from `domain/events.py`.
    """

    type: str
    tenant_id: str
    aggregate_id: str
    sequence: int
    occurred_at: datetime
    data: object
