"""One commit of this service on MongoDB."""

from collections.abc import Sequence

from services.chassis.kernel.events import DomainEvent
from services.chassis.mongo.unit_of_work import Scope
from services.returns.adapters.mongo.cases import MongoCases
from services.returns.adapters.mongo.orders import MongoOrders
from services.returns.adapters.mongo.scans import MongoScans
from services.returns.adapters.mongo.timeline import MongoTimeline
from services.returns.domain.cases.story import Story, TimelineEntry


class MongoReturnsTransaction:
    """See `application.ports.transaction.ReturnsTransaction`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.orders = MongoOrders(scope)
        self.cases = MongoCases(scope)
        self.scans = MongoScans(scope)
        self._timeline = MongoTimeline(scope)

    async def timeline(self, tenant_id: str, return_id: str) -> Sequence[TimelineEntry]:
        """See the port."""
        return await self._timeline.of(tenant_id, return_id)

    async def keep(self, story: Story) -> None:
        """See the port."""
        await self._timeline.append(story.entries)
        self._scope.events.extend(story.events)

    def record(self, event: DomainEvent) -> None:
        """See the port."""
        self._scope.events.append(event)
