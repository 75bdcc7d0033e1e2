"""The service on a real server and database, with the courier stand-in beside it."""

import asyncio
import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
from google.protobuf.message import Message

from aftercare.common.v1 import context_pb2, event_pb2
from aftercare.loyalty.v1 import loyalty_events_pb2
from aftercare.refunds.v1 import refunds_events_pb2
from aftercare.returns.v1 import (
    order_service_pb2,
    order_service_pb2_grpc,
    pickup_service_pb2,
    pickup_service_pb2_grpc,
    resources_pb2,
    returns_service_pb2,
    returns_service_pb2_grpc,
    warehouse_service_pb2,
    warehouse_service_pb2_grpc,
)
from services.chassis.grpc.client import channel
from services.chassis.grpc.interceptors import CallInterceptor
from services.chassis.kernel.clock import FixedClock
from services.chassis.kernel.coroutines import call_directly
from services.chassis.mongo.client import connect, connect_blocking, plain
from services.chassis.mongo.errors import as_aftercare_error
from services.chassis.wire import from_datetime
from services.returns.application.ports.carrier_gateway import CarrierGateway
from services.returns.bootstrap import build_ports
from services.returns.config import ReturnsSettings
from services.returns.entrypoints.events import handlers
from services.returns.entrypoints.grpc.services import grpc_services
from tests.integration.returns.messages import o1_message
from tests.integration.standins.courier_process import Courier, Push

Case = resources_pb2.ReturnCase
Unit = resources_pb2.ReturnUnit
PickupState = resources_pb2.Pickup.State
TENANT = "demo"
ADDRESS = resources_pb2.Address(
    name="Ola Nowak", street="Prosta 1", city="Warszawa", postal_code="00-950", country="PL", phone="+48500"
)
Lines = Sequence[tuple[str, int, resources_pb2.Reason.ValueType]]


class World:
    """One database, one server, one `work`; `carrier` replaces the stand-in's adapter."""

    def __init__(
        self, uri: str, database: str, courier: Courier | None, carrier: CarrierGateway | None = None
    ) -> None:
        self.settings = ReturnsSettings(
            mongodb_uri=uri,
            amqp_uri="amqp://127.0.0.1//",
            returns_database=database,
            courier_base_url=courier.url if courier else "http://127.0.0.1:9",
            courier_api_key="test-key",
            courier_webhook_secret="test-webhook-secret",
        )
        self._courier, self.carrier = courier, carrier
        self.clock = FixedClock(datetime.now(UTC))
        self.raw = plain(uri)[database]
        self._uri = uri
        self._numbers = itertools.count(1)
        self._blocking = connect_blocking(uri)
        self.work = build_ports(self.settings, self._blocking, call_directly, self.clock, carrier)

    @property
    def courier(self) -> Courier:
        """The stand-in's own strings."""
        assert self._courier is not None
        return self._courier

    async def start(self) -> None:
        self._client = connect(self._uri)
        ports = build_ports(self.settings, self._client, asyncio.to_thread, self.clock, self.carrier)
        self._gateways: list[Any] = [*ports.carriers.values(), *self.work.carriers.values()]
        self.server = grpc.aio.server(interceptors=[CallInterceptor("returns", as_aftercare_error)])
        for service in grpc_services(ports):
            service.add(service.servicer, self.server)
        port = self.server.add_insecure_port("127.0.0.1:0")
        await self.server.start()
        self._channel = channel(f"127.0.0.1:{port}")
        self.orders = order_service_pb2_grpc.OrderServiceStub(self._channel)
        self.returns = returns_service_pb2_grpc.ReturnsServiceStub(self._channel)
        self.pickups = pickup_service_pb2_grpc.PickupServiceStub(self._channel)
        self.carriers = pickup_service_pb2_grpc.CarrierEventsServiceStub(self._channel)
        self.warehouse = warehouse_service_pb2_grpc.WarehouseServiceStub(self._channel)

    async def stop(self) -> None:
        await self._channel.close()
        await self.server.stop(None)
        await self._client.close()
        self.raw.client.close()
        for gateway in self._gateways:
            if gateway is not self.carrier:
                gateway.close()
        await self._blocking.close()

    def ctx(
        self,
        key: str = "",
        actor: context_pb2.Actor.Type.ValueType = context_pb2.Actor.TYPE_SYSTEM,
        actor_id: str = "shop",
        reason: str = "",
    ) -> context_pb2.RequestContext:
        return context_pb2.RequestContext(
            tenant_id=TENANT,
            idempotency_key=key or f"key-{next(self._numbers)}",
            actor=context_pb2.Actor(type=actor, id=actor_id),
            reason_code=reason,
        )

    async def imported(self, order: resources_pb2.Order, key: str = "") -> resources_pb2.Order:
        return await self.orders.ImportOrder(
            order_service_pb2.ImportOrderRequest(ctx=self.ctx(key), order=order)
        )

    async def delivered(self, order_id: str, days_ago: int = 1) -> resources_pb2.Order:
        at = from_datetime(self.clock.now() - timedelta(days=days_ago))
        return await self.orders.MarkOrderDelivered(
            order_service_pb2.MarkOrderDeliveredRequest(ctx=self.ctx(), order_id=order_id, deliver_time=at)
        )

    async def o1(self, order_id: str = "O1", *, member: bool = True) -> None:
        """O1, imported and delivered."""
        await self.imported(o1_message(order_id, member=member))
        await self.delivered(order_id)

    async def quoted(self, lines: Lines, order_id: str = "O1") -> returns_service_pb2.QuoteReturnResponse:
        asked = [
            returns_service_pb2.RequestedLine(line_id=line_id, quantity=count, reason=reason)
            for line_id, count, reason in lines
        ]
        return await self.returns.QuoteReturn(
            returns_service_pb2.QuoteReturnRequest(ctx=self.ctx(), order_id=order_id, lines=asked)
        )

    async def created(self, token: str, order_id: str = "O1", key: str = "") -> Case:
        return await self.returns.CreateReturn(
            returns_service_pb2.CreateReturnRequest(ctx=self.ctx(key), order_id=order_id, quote_token=token)
        )

    async def opened(self, lines: Lines, order_id: str = "O1") -> Case:
        quote = await self.quoted(lines, order_id)
        return await self.created(quote.quote_token, order_id)

    async def cancelled(self, case: Case, key: str = "") -> Case:
        return await self.returns.CancelReturn(
            returns_service_pb2.CancelReturnRequest(ctx=self.ctx(key), return_id=case.return_id)
        )

    async def now(self, case: Case) -> Case:
        """The return as it is now."""
        return await self.returns.GetReturn(
            returns_service_pb2.GetReturnRequest(ctx=self.ctx(), return_id=case.return_id)
        )

    async def story(self, case: Case) -> list[str]:
        found = await self.returns.ListTimeline(
            returns_service_pb2.ListTimelineRequest(ctx=self.ctx(), return_id=case.return_id)
        )
        return [entry.type for entry in found.entries]

    async def slots(self, case: Case) -> Sequence[resources_pb2.Slot]:
        found = await self.pickups.ListSlots(
            pickup_service_pb2.ListSlotsRequest(
                ctx=self.ctx(), return_id=case.return_id, address=ADDRESS, days=14
            )
        )
        return found.slots

    async def booked(self, case: Case, slot_id: str = "", key: str = "") -> Case:
        slot_id = slot_id or (await self.slots(case))[0].slot_id
        return await self.pickups.BookPickup(
            pickup_service_pb2.BookPickupRequest(
                ctx=self.ctx(key), return_id=case.return_id, slot_id=slot_id, address=ADDRESS
            )
        )

    async def ingested(
        self, headers: dict[str, str], body: bytes, carrier: str = "kurier"
    ) -> pickup_service_pb2.IngestCarrierEventsResponse:
        return await self.carriers.IngestCarrierEvents(
            pickup_service_pb2.IngestCarrierEventsRequest(
                ctx=self.ctx(),
                carrier=carrier,
                headers=[
                    pickup_service_pb2.Header(name=name.lower(), value=value)
                    for name, value in headers.items()
                ],
                body=body,
            )
        )

    async def scan(self, case: Case, code: str, **more: object) -> None:
        """The courier scans the parcel; its webhooks wait in the sink."""
        tracking_no = case.shipments[0].tracking_number
        await asyncio.to_thread(
            self.courier.control, "scan", tracking_no=tracking_no, code=code, wait=True, **more
        )

    def pushes(self, code: str) -> list[Push]:
        """The webhooks of one kind of scan; those of the booking itself may come in between."""
        return [push for push in self.courier.sink.take() if code.encode() in push[1]]

    async def take_webhooks(self) -> list[pickup_service_pb2.IngestCarrierEventsResponse]:
        """Hand the webhooks that came to the service, in the order they came."""
        return [await self.ingested(headers, body) for headers, body in self.courier.sink.take()]

    async def received(self, case: Case, lines: Sequence[tuple[str, int]], key: str = "") -> Case:
        return await self.warehouse.ReceiveParcel(
            warehouse_service_pb2.ReceiveParcelRequest(
                ctx=self.ctx(key),
                return_id=case.return_id,
                lines=[
                    warehouse_service_pb2.ReceivedLine(line_id=line_id, quantity=count)
                    for line_id, count in lines
                ],
            )
        )

    async def inspected(
        self,
        case: Case,
        lines: Sequence[tuple[str, int]],
        decision: Unit.Decision.ValueType = Unit.DECISION_ACCEPTED,
        reduction_bps: int = 0,
    ) -> Case:
        return await self.warehouse.RecordInspection(
            warehouse_service_pb2.RecordInspectionRequest(
                ctx=self.ctx(),
                return_id=case.return_id,
                lines=[
                    warehouse_service_pb2.InspectedLine(
                        line_id=line_id,
                        quantity=count,
                        grade="A",
                        decision=decision,
                        reduction_bps=reduction_bps,
                        disposition=Unit.DISPOSITION_RESTOCK,
                    )
                    for line_id, count in lines
                ],
            )
        )

    def events(self, topic: str) -> list[event_pb2.EventEnvelope]:
        """What was told on a topic, in order."""
        rows = self.raw["outbox"].find({"type": topic}).sort("ts")
        return [event_pb2.EventEnvelope.FromString(row["body"]) for row in rows]

    def topics(self, aggregate: str) -> list[str]:
        """What an aggregate told, in order."""
        return [row["type"] for row in self.raw["outbox"].find({"agg": aggregate}).sort("seq")]

    def refund_told(self, key: str, *, ok: bool = True, sequence: int = 2, event_id: str = "") -> None:
        payload = refunds_events_pb2.RefundCompleted(refund_id="ref_1", request_key=key)
        topic = "refund.completed" if ok else "refund.failed"
        handlers.handle_refund_told(self.work, self._envelope(topic, payload, sequence, event_id))

    def points_told(self, return_id: str, event_id: str = "") -> None:
        payload = loyalty_events_pb2.PointsReturnProcessed(account_id="acc_1", return_id=return_id)
        handlers.handle_points_return_processed(
            self.work, self._envelope("points.return_processed", payload, 1, event_id)
        )

    def _envelope(
        self, topic: str, payload: Message, sequence: int, event_id: str
    ) -> event_pb2.EventEnvelope:
        return event_pb2.EventEnvelope(
            event_id=event_id or f"evt-{next(self._numbers)}",
            type=topic,
            tenant_id=TENANT,
            aggregate_id="x",
            sequence=sequence,
            occurred_time=from_datetime(self.clock.now()),
            schema=payload.DESCRIPTOR.full_name,
            payload=payload.SerializeToString(),
        )
