"""OrderService."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from aftercare.returns.v1 import order_service_pb2, order_service_pb2_grpc, resources_pb2
from services.chassis.grpc.context import request_context
from services.returns.application.ports import Ports
from services.returns.application.queries.get_order import get_order
from services.returns.application.use_cases.import_order import import_order
from services.returns.application.use_cases.import_orders import Imported, import_orders
from services.returns.application.use_cases.mark_order_delivered import mark_order_delivered
from services.returns.entrypoints.grpc import order_mapping as mapping

Context = Any  # grpc.aio.ServicerContext


class OrderServicer(order_service_pb2_grpc.OrderServiceServicer):
    """Orders as the shop sold them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def ImportOrder(  # noqa: N802 - gRPC's name
        self, request: order_service_pb2.ImportOrderRequest, _context: Context
    ) -> resources_pb2.Order:
        """See the proto."""
        answer = await import_order(self._ports, mapping.to_import_order(request))
        return mapping.from_order(answer.value)

    async def ImportOrders(  # noqa: N802 - gRPC's name
        self, requests: AsyncIterator[order_service_pb2.ImportOrdersRequest], _context: Context
    ) -> order_service_pb2.ImportOrdersResponse:
        """See the proto."""
        whole = Imported()
        # One chunk is read and frozen while the database writes the one before.
        under_way: deque[asyncio.Task[Imported]] = deque()
        rows = 0
        try:
            async for request in requests:
                command = mapping.to_import_orders(request, rows)
                rows += len(command.rows)
                under_way.append(asyncio.create_task(import_orders(self._ports, command)))
                if len(under_way) > 1:
                    whole.add(await under_way.popleft())
            while under_way:
                whole.add(await under_way.popleft())
        finally:
            for task in under_way:
                task.cancel()
        return mapping.from_imported(whole)

    async def GetOrder(  # noqa: N802 - gRPC's name
        self, request: order_service_pb2.GetOrderRequest, _context: Context
    ) -> resources_pb2.Order:
        """See the proto."""
        return mapping.from_order(await get_order(self._ports, request_context(request), request.order_id))

    async def MarkOrderDelivered(  # noqa: N802 - gRPC's name
        self, request: order_service_pb2.MarkOrderDeliveredRequest, _context: Context
    ) -> resources_pb2.Order:
        """See the proto."""
        answer = await mark_order_delivered(self._ports, mapping.to_mark_delivered(request))
        return mapping.from_order(answer.value)
