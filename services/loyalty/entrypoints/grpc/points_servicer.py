"""PointsService."""

# ruff: noqa: N802 - the methods have their RPCs' names

from collections.abc import AsyncIterator
from typing import Any

from aftercare.loyalty.v1 import points_service_pb2 as pb
from aftercare.loyalty.v1 import points_service_pb2_grpc, resources_pb2
from services.chassis.grpc.context import request_context
from services.chassis.kernel.errors import AftercareError
from services.chassis.wire import to_datetime
from services.loyalty.application.ports import Ports
from services.loyalty.application.queries.get_reservation import get_reservation
from services.loyalty.application.queries.simulate_earn import simulate_earn
from services.loyalty.application.queries.simulate_return import simulate_return
from services.loyalty.application.use_cases.activate_points import ActivatePoints, activate_points
from services.loyalty.application.use_cases.adjust_points import AdjustPoints, adjust_points
from services.loyalty.application.use_cases.batch_import import ImportReport, ImportRow, import_rows
from services.loyalty.application.use_cases.cancel_reservation import CancelReservation, cancel_reservation
from services.loyalty.application.use_cases.commit_reservation import CommitReservation, commit_reservation
from services.loyalty.application.use_cases.earn_points import EarnPoints, earn_points
from services.loyalty.application.use_cases.process_return import ProcessReturn, process_return
from services.loyalty.application.use_cases.reserve_points import ReservePoints, reserve_points
from services.loyalty.entrypoints.grpc import answers
from services.loyalty.entrypoints.grpc.mapping import to_basket, to_returned

Context = Any  # grpc.aio's; nothing of it is used here


class PointsServicer(points_service_pb2_grpc.PointsServiceServicer):
    """See points_service.proto."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def SimulateEarn(self, request: pb.SimulateEarnRequest, _: Context) -> pb.EarningForecast:
        """Says what a basket would earn."""
        basket = to_basket(request.basket)
        points = await simulate_earn(self._ports, request.ctx.tenant_id, request.program_id, basket)
        return answers.forecast(basket, points)

    async def EarnPoints(self, request: pb.EarnPointsRequest, _: Context) -> pb.PointsChange:
        """Earns for an order."""
        command = EarnPoints(request_context(request), request.account_id, to_basket(request.basket))
        return answers.points_change(await earn_points(self._ports, command))

    async def ActivatePoints(self, request: pb.ActivatePointsRequest, _: Context) -> pb.PointsChange:
        """Fixes when an order's points become spendable."""
        command = ActivatePoints(
            request_context(request), request.account_id, request.order_id, to_datetime(request.deliver_time)
        )
        return answers.points_change(await activate_points(self._ports, command))

    async def AdjustPoints(self, request: pb.AdjustPointsRequest, _: Context) -> pb.PointsChange:
        """Credits or debits by hand."""
        command = AdjustPoints(request_context(request), request.account_id, request.points)
        return answers.points_change(await adjust_points(self._ports, command))

    async def ReservePoints(self, request: pb.ReservePointsRequest, _: Context) -> pb.ReservationChange:
        """Holds points."""
        command = ReservePoints(
            request_context(request),
            request.account_id,
            request.order_id,
            request.points,
            request.ttl_seconds,
        )
        return answers.reservation_change(await reserve_points(self._ports, command))

    async def CommitReservation(
        self, request: pb.CommitReservationRequest, _: Context
    ) -> pb.ReservationChange:
        """Spends held points."""
        command = CommitReservation(
            request_context(request), request.account_id, request.reservation_id, request.points
        )
        return answers.reservation_change(await commit_reservation(self._ports, command))

    async def CancelReservation(
        self, request: pb.CancelReservationRequest, _: Context
    ) -> pb.ReservationChange:
        """Gives held points back."""
        command = CancelReservation(request_context(request), request.account_id, request.reservation_id)
        return answers.reservation_change(await cancel_reservation(self._ports, command))

    async def GetReservation(
        self, request: pb.GetReservationRequest, _: Context
    ) -> resources_pb2.Reservation:
        """Reads a reservation."""
        return answers.reservation(
            await get_reservation(
                self._ports, request.ctx.tenant_id, request.account_id, request.reservation_id
            )
        )

    async def ProcessReturn(self, request: pb.ProcessReturnRequest, _: Context) -> pb.ReturnOutcome:
        """Moves the points of a return."""
        goods = to_returned(request.return_id, request.lines)
        command = ProcessReturn(request_context(request), request.account_id, request.order_id, goods)
        answer = await process_return(self._ports, command)
        return answers.return_outcome(answer.value, replayed=answer.replayed)

    async def SimulateReturn(self, request: pb.SimulateReturnRequest, _: Context) -> pb.ReturnOutcome:
        """The same figures, without writing."""
        goods = to_returned("simulated", request.lines)
        return answers.return_outcome(
            await simulate_return(
                self._ports, request.ctx.tenant_id, request.account_id, request.order_id, goods
            )
        )

    async def BatchImport(
        self, request_iterator: AsyncIterator[pb.BatchImportRequest], _: Context
    ) -> pb.BatchImportResponse:
        """Earns for many past orders."""
        report, place = ImportReport(), 0
        async for chunk in request_iterator:
            rows = []
            for row in chunk.rows:
                try:
                    rows.append(ImportRow(place, row.account_id, row.customer_id, to_basket(row.basket)))
                except AftercareError as error:
                    report.rows += 1
                    report.refuse(place, error)
                place += 1
            await import_rows(self._ports, request_context(chunk), chunk.program_id, rows, report)
        return answers.import_report(report)
