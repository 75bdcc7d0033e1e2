"""Returns between the wire and the domain."""

from collections.abc import Sequence

from aftercare.returns.v1 import resources_pb2, returns_service_pb2, warehouse_service_pb2
from services.chassis.wire import from_datetime, from_money
from services.returns.application.queries.quote_return import SignedQuote
from services.returns.domain.cases.inspecting import JudgedLine
from services.returns.domain.cases.receiving import CountedLine
from services.returns.domain.cases.return_case import Pickup, ReturnCase, ReturnLine, ReturnUnit
from services.returns.domain.cases.shipment import Shipment
from services.returns.domain.cases.states import Decision, Disposition
from services.returns.domain.cases.story import TimelineEntry
from services.returns.domain.quoting.quote import AskedLine
from services.returns.domain.quoting.reasons import Reason
from services.returns.domain.quoting.totals import Totals

_Case = resources_pb2.ReturnCase
_Unit = resources_pb2.ReturnUnit


def to_asked(lines: Sequence[returns_service_pb2.RequestedLine]) -> tuple[AskedLine, ...]:
    """The asked lines."""
    return tuple(
        AskedLine(
            line.line_id,
            line.quantity,
            Reason(resources_pb2.Reason.Name(line.reason).removeprefix("REASON_")),
        )
        for line in lines
    )


def to_counted(lines: Sequence[warehouse_service_pb2.ReceivedLine]) -> tuple[CountedLine, ...]:
    """What was counted in a parcel."""
    return tuple(CountedLine(line.line_id, line.quantity) for line in lines)


def to_judged(lines: Sequence[warehouse_service_pb2.InspectedLine]) -> tuple[JudgedLine, ...]:
    """Judgements on units."""
    return tuple(
        JudgedLine(
            line.line_id,
            line.quantity,
            line.grade,
            Decision(_Unit.Decision.Name(line.decision).removeprefix("DECISION_")),
            line.reduction_bps,
            Disposition(_Unit.Disposition.Name(line.disposition).removeprefix("DISPOSITION_")),
        )
        for line in lines
    )


def from_quote(signed: SignedQuote) -> returns_service_pb2.QuoteReturnResponse:
    """What comes back, with the token."""
    return returns_service_pb2.QuoteReturnResponse(
        lines=[
            returns_service_pb2.QuotedLine(
                line_id=line.line_id, quantity=len(line.units), totals=from_totals(line.totals)
            )
            for line in signed.quote.lines
        ],
        totals=from_totals(signed.quote.totals),
        quote_token=signed.token,
        expire_time=from_datetime(signed.expires_at),
        refund_due_time=from_datetime(signed.refund_due_at),
    )


def from_totals(totals: Totals) -> resources_pb2.QuoteTotals:
    """The figures."""
    return resources_pb2.QuoteTotals(
        goods=from_money(totals.goods),
        shipping=from_money(totals.shipping),
        fee=from_money(totals.fee),
        reduction=from_money(totals.reduction),
        cash=from_money(totals.cash),
        points=totals.points,
        points_value=from_money(totals.points_value),
    )


def from_case(case: ReturnCase) -> resources_pb2.ReturnCase:
    """The return as the contract shows it."""
    settlement = f"SETTLEMENT_STATE_{case.settlement_state}"
    settled = case.settled
    return _Case(
        return_id=case.return_id,
        rma_number=case.rma_number,
        order_id=case.order_id,
        customer_id=case.customer_id,
        state=_Case.State.Value(f"STATE_{case.state}"),
        settlement_state=_Case.SettlementState.Value(settlement),
        lines=[_line(line) for line in case.lines],
        pickups=[_pickup(pickup) for pickup in case.pickups],
        shipments=[_shipment(shipment) for shipment in case.shipments],
        quoted=from_totals(case.quoted),
        settled=from_totals(settled) if settled is not None else None,
        refund_due_time=from_datetime(case.refund_due_at),
        create_time=from_datetime(case.created_at),
        version=case.version,
        loyalty_account_id=case.loyalty_account_id,
    )


def from_entry(entry: TimelineEntry) -> resources_pb2.TimelineEntry:
    """A step of the story; the reason stands before the details."""
    detail = f"[{entry.reason}] {entry.detail}".rstrip() if entry.reason else entry.detail
    return resources_pb2.TimelineEntry(
        at_time=from_datetime(entry.at), type=entry.type, actor=entry.actor, detail=detail
    )


def _line(line: ReturnLine) -> resources_pb2.ReturnLine:
    return resources_pb2.ReturnLine(
        line_id=line.line_id,
        reason=resources_pb2.Reason.Value(f"REASON_{line.reason}"),
        units=[_unit(unit) for unit in line.units],
    )


def _unit(unit: ReturnUnit) -> resources_pb2.ReturnUnit:
    return _Unit(
        unit_index=unit.unit_index,
        paid=from_money(unit.paid),
        tax=from_money(unit.tax),
        reception=_Unit.Reception.Value(f"RECEPTION_{unit.reception}"),
        decision=_Unit.Decision.Value(f"DECISION_{unit.decision}"),
        reduction_bps=unit.reduction_bps,
        disposition=_Unit.Disposition.Value(f"DISPOSITION_{unit.disposition}"),
        grade=unit.grade,
    )


def _pickup(pickup: Pickup) -> resources_pb2.Pickup:
    return resources_pb2.Pickup(
        pickup_id=pickup.pickup_id,
        carrier=pickup.carrier,
        state=resources_pb2.Pickup.State.Value(f"STATE_{pickup.state}"),
        slot_id=pickup.slot_id,
        window_start_time=from_datetime(pickup.window.start if pickup.window else None),
        window_end_time=from_datetime(pickup.window.end if pickup.window else None),
        confirmation=pickup.confirmation,
        attempt=pickup.attempt,
    )


def _shipment(shipment: Shipment) -> resources_pb2.Shipment:
    return resources_pb2.Shipment(
        shipment_id=shipment.shipment_id,
        carrier=shipment.carrier,
        tracking_number=shipment.tracking_number,
        state=resources_pb2.Shipment.State.Value(f"STATE_{shipment.state}"),
    )
