"""Returns of O1 for tests."""

from datetime import UTC, datetime, timedelta

from services.chassis.kernel.context import Actor, ActorType
from services.returns.domain.carrier_events import CarrierEvent, CarrierEventCode
from services.returns.domain.cases.opening import Names, open_return
from services.returns.domain.cases.return_case import ReturnCase
from services.returns.domain.cases.story import Story
from services.returns.domain.orders.order import Order
from services.returns.domain.quoting.policy import Policy
from services.returns.domain.quoting.quote import AskedLine, compute_quote
from services.returns.domain.quoting.quote_token import Promise, figures_of
from services.returns.domain.quoting.reasons import Reason
from tests.builders.returns_orders import B, o1

NOW = datetime(2026, 11, 16, 9, tzinfo=UTC)


def story(at: datetime = NOW) -> Story:
    return Story(Actor(ActorType.SYSTEM, "test"), at)


def opened(
    order: Order, *asked: tuple[str, int], return_id: str = "ret_1", fee: int = 0
) -> tuple[Order, ReturnCase]:
    """The order with units taken, and the approved return."""
    lines = tuple(AskedLine(line_id, count, Reason.CHANGED_MIND) for line_id, count in asked)
    figures = figures_of(compute_quote(order, lines, fee).totals)
    promise = Promise(order.tenant_id, order.order_id, lines, figures, fee, NOW + timedelta(minutes=30))
    return open_return(order, promise, Policy(), Names(return_id, "RMA-26-000001-8"), story())


def approved() -> ReturnCase:
    """A return of one B of O1."""
    return opened(o1(), (B, 1))[1]


def scan(code: CarrierEventCode, *, minutes: int = 0, native: str = "", reason: str = "") -> CarrierEvent:
    """A scan of parcel T1, so many minutes after NOW."""
    return CarrierEvent(
        carrier="kurier",
        tracking_no="T1",
        native_code=native or code,
        code=code,
        reason=reason,
        occurred_at=NOW + timedelta(minutes=minutes),
        location="HUB",
        raw_sha256="0" * 64,
    )
