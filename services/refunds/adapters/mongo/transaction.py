"""One commit on MongoDB."""

from services.chassis.kernel.events import DomainEvent
from services.chassis.mongo.unit_of_work import Scope
from services.refunds.adapters.mongo.journal import MongoBreaks, MongoJournal
from services.refunds.adapters.mongo.legs import MongoLegs
from services.refunds.adapters.mongo.payments import MongoPayments
from services.refunds.adapters.mongo.psp_events import MongoPspEvents
from services.refunds.adapters.mongo.refunds import MongoRefunds
from services.refunds.adapters.mongo.runs import MongoRuns


class MongoTransaction:
    """See `application.ports.transaction.Transaction`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.payments = MongoPayments(scope)
        self.refunds = MongoRefunds(scope)
        self.legs = MongoLegs(scope)
        self.journal = MongoJournal(scope)
        self.psp_events = MongoPspEvents(scope)
        self.breaks = MongoBreaks(scope)
        self.runs = MongoRuns(scope)

    def record(self, event: DomainEvent) -> None:
        """See the port."""
        self._scope.events.append(event)
