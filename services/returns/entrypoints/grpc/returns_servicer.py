"""ReturnsService."""

from typing import Any

from aftercare.returns.v1 import resources_pb2, returns_service_pb2, returns_service_pb2_grpc
from services.chassis.grpc.context import request_context
from services.returns.application.ports import Ports
from services.returns.application.queries.get_return import get_return
from services.returns.application.queries.list_returnable_items import list_returnable_items
from services.returns.application.queries.list_returns import list_returns
from services.returns.application.queries.list_timeline import list_timeline
from services.returns.application.queries.quote_return import quote_return
from services.returns.application.use_cases.cancel_return import CancelReturn, cancel_return
from services.returns.application.use_cases.create_return import CreateReturn, create_return
from services.returns.entrypoints.grpc import return_mapping as mapping
from services.returns.entrypoints.grpc.order_mapping import from_item

Context = Any  # grpc.aio.ServicerContext


class ReturnsServicer(returns_service_pb2_grpc.ReturnsServiceServicer):
    """Returns from the customer's and the agent's side."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def ListReturnableItems(  # noqa: N802 - gRPC's name
        self, request: returns_service_pb2.ListReturnableItemsRequest, _context: Context
    ) -> returns_service_pb2.ListReturnableItemsResponse:
        """See the proto."""
        items = await list_returnable_items(self._ports, request_context(request), request.order_id)
        return returns_service_pb2.ListReturnableItemsResponse(items=map(from_item, items))

    async def QuoteReturn(  # noqa: N802 - gRPC's name
        self, request: returns_service_pb2.QuoteReturnRequest, _context: Context
    ) -> returns_service_pb2.QuoteReturnResponse:
        """See the proto."""
        asked = mapping.to_asked(request.lines)
        signed = await quote_return(self._ports, request_context(request), request.order_id, asked)
        return mapping.from_quote(signed)

    async def CreateReturn(  # noqa: N802 - gRPC's name
        self, request: returns_service_pb2.CreateReturnRequest, _context: Context
    ) -> resources_pb2.ReturnCase:
        """See the proto."""
        command = CreateReturn(request_context(request), request.order_id, request.quote_token)
        return mapping.from_case((await create_return(self._ports, command)).value)

    async def GetReturn(  # noqa: N802 - gRPC's name
        self, request: returns_service_pb2.GetReturnRequest, _context: Context
    ) -> resources_pb2.ReturnCase:
        """See the proto."""
        return mapping.from_case(await get_return(self._ports, request_context(request), request.return_id))

    async def ListReturns(  # noqa: N802 - gRPC's name
        self, request: returns_service_pb2.ListReturnsRequest, _context: Context
    ) -> returns_service_pb2.ListReturnsResponse:
        """See the proto."""
        ctx = request_context(request)
        page = await list_returns(self._ports, ctx, request.order_id, request.page_size, request.page_token)
        return returns_service_pb2.ListReturnsResponse(
            returns=map(mapping.from_case, page.items), next_page_token=page.next_page_token
        )

    async def CancelReturn(  # noqa: N802 - gRPC's name
        self, request: returns_service_pb2.CancelReturnRequest, _context: Context
    ) -> resources_pb2.ReturnCase:
        """See the proto."""
        command = CancelReturn(request_context(request), request.return_id)
        return mapping.from_case((await cancel_return(self._ports, command)).value)

    async def ListTimeline(  # noqa: N802 - gRPC's name
        self, request: returns_service_pb2.ListTimelineRequest, _context: Context
    ) -> returns_service_pb2.ListTimelineResponse:
        """See the proto."""
        entries = await list_timeline(self._ports, request_context(request), request.return_id)
        return returns_service_pb2.ListTimelineResponse(entries=map(mapping.from_entry, entries))
