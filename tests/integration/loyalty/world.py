"""The loyalty service on a real gRPC server and a real database, with a clock that tests move."""

import asyncio
import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import grpc

from aftercare.common.v1 import context_pb2, event_pb2, money_pb2
from aftercare.loyalty.v1 import (
    account_service_pb2,
    account_service_pb2_grpc,
    points_service_pb2,
    points_service_pb2_grpc,
    program_service_pb2,
    program_service_pb2_grpc,
    resources_pb2,
)
from services.chassis.grpc.client import channel
from services.chassis.grpc.interceptors import CallInterceptor
from services.chassis.kernel.clock import FixedClock
from services.chassis.kernel.coroutines import run_now
from services.chassis.mongo.client import connect, connect_blocking
from services.chassis.mongo.errors import as_aftercare_error
from services.chassis.mongo.migrations import migrate
from services.chassis.wire import from_datetime
from services.loyalty.adapters.mongo.schema import SCHEMA
from services.loyalty.application.use_cases.sweep_accounts import sweep_accounts
from services.loyalty.bootstrap import build_serve_ports, build_work_ports
from services.loyalty.entrypoints.events import handlers
from services.loyalty.entrypoints.grpc.services import grpc_services

TENANT, CURRENCY = "shop", "EUR"
START = datetime(2026, 6, 1, tzinfo=UTC)
_numbers = itertools.count(1)


def context(key: str = "", tenant: str = TENANT) -> context_pb2.RequestContext:
    actor = context_pb2.Actor(type=context_pb2.Actor.TYPE_SYSTEM, id="test")
    return context_pb2.RequestContext(tenant_id=tenant, idempotency_key=key, actor=actor, reason_code="test")


def money(minor: int) -> money_pb2.Money:
    return money_pb2.Money(minor=minor, currency=CURRENCY)


def basket(
    order_id: str, *nets: int, placed: datetime = START, delivered: datetime | None = None, tender: int = 0
) -> resources_pb2.Basket:
    """Lines `1`, `2`, …; all of `tender` points paid for line 1."""
    return resources_pb2.Basket(
        order_id=order_id,
        lines=[
            resources_pb2.BasketLine(
                line_id=str(number), quantity=1, net=money(net), tender_points=tender if number == 1 else 0
            )
            for number, net in enumerate(nets, start=1)
        ],
        place_time=from_datetime(placed),
        deliver_time=from_datetime(delivered),
    )


@dataclass
class World:
    """One database, as many servers as asked for, and the handlers of `work`."""

    mongodb_uri: str
    database: str
    clock: FixedClock = field(default_factory=lambda: FixedClock(START))
    servers: list[Any] = field(default_factory=list)
    channels: list[Any] = field(default_factory=list)

    async def start(self) -> None:
        self.client = connect(self.mongodb_uri)
        self.db = self.client[self.database]
        await migrate(self.db, SCHEMA, self.clock)
        self.blocking = connect_blocking(self.mongodb_uri)
        self.work_ports = build_work_ports(self.blocking, self.database, self.clock)
        address = await self.serve()
        self.accounts, self.points = self.stubs(address)
        programs: Any = program_service_pb2_grpc.ProgramServiceStub(self.channels[0])
        self.programs = programs

    async def serve(self) -> str:
        """One more server on the same database."""
        ports = build_serve_ports(self.client, self.database, self.clock)
        server = grpc.aio.server(interceptors=[CallInterceptor("loyalty", as_aftercare_error)])
        for service in grpc_services(ports):
            service.add(service.servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        self.servers.append(server)
        return f"127.0.0.1:{port}"

    def stubs(self, address: str) -> tuple[Any, Any]:
        """The two services at an address."""
        opened = channel(address)
        self.channels.append(opened)
        return (
            account_service_pb2_grpc.LoyaltyAccountServiceStub(opened),
            points_service_pb2_grpc.PointsServiceStub(opened),
        )

    async def stop(self) -> None:
        for opened in self.channels:
            await opened.close()
        for server in self.servers:
            await server.stop(None)
        await self.client.close()
        await asyncio.to_thread(lambda: run_now(self.blocking.close()))

    async def program(self, **changes: Any) -> str:
        """A programme: UTC, 1 point per 1.00, no window, a year, unless said otherwise."""
        terms: dict[str, Any] = {
            "program_id": f"club-{next(_numbers)}",
            "display_name": "Club",
            "timezone": "UTC",
            "currency": CURRENCY,
            "earn_rate": resources_pb2.Fraction(num=1, den=100),
            "expiry_months": 12,
            "points_per_major_unit": 100,
            "restore_grace_days": 30,
            **changes,
        }
        request = program_service_pb2.CreateProgramRequest(
            ctx=context(terms["program_id"]), program=resources_pb2.Program(**terms)
        )
        await self.programs.CreateProgram(request)
        return str(terms["program_id"])

    async def member(self, program_id: str = "") -> str:
        """A new account, in a programme of its own unless one is given."""
        account_id = f"acc-{next(_numbers)}"
        await self.accounts.CreateAccount(
            account_service_pb2.CreateAccountRequest(
                ctx=context(account_id),
                program_id=program_id or await self.program(),
                customer_id=f"customer-of-{account_id}",
                account_id=account_id,
            )
        )
        return account_id

    def earn_request(
        self, account_id: str, goods: resources_pb2.Basket, key: str = ""
    ) -> points_service_pb2.EarnPointsRequest:
        return points_service_pb2.EarnPointsRequest(
            ctx=context(key or f"earn-{next(_numbers)}"), account_id=account_id, basket=goods
        )

    async def earn(self, account_id: str, order_id: str, *nets: int, tender: int = 0) -> Any:
        """An order that was delivered at once."""
        now = self.clock.now()
        goods = basket(order_id, *nets, placed=now, delivered=now, tender=tender)
        return await self.points.EarnPoints(self.earn_request(account_id, goods))

    async def adjust(self, account_id: str, points: int, key: str = "") -> Any:
        return await self.points.AdjustPoints(
            points_service_pb2.AdjustPointsRequest(
                ctx=context(key or f"adjust-{next(_numbers)}"), account_id=account_id, points=points
            )
        )

    async def reserve(
        self, account_id: str, points: int, order_id: str = "paid", stub: Any = None, key: str = ""
    ) -> Any:
        return await (stub or self.points).ReservePoints(
            points_service_pb2.ReservePointsRequest(
                ctx=context(key or f"reserve-{next(_numbers)}"),
                account_id=account_id,
                points=points,
                order_id=order_id,
            )
        )

    async def commit(self, account_id: str, reservation_id: str, points: int = 0) -> Any:
        return await self.points.CommitReservation(
            points_service_pb2.CommitReservationRequest(
                ctx=context(f"commit-{next(_numbers)}"),
                account_id=account_id,
                reservation_id=reservation_id,
                points=points,
            )
        )

    async def cancel(self, account_id: str, reservation_id: str) -> Any:
        return await self.points.CancelReservation(
            points_service_pb2.CancelReservationRequest(
                ctx=context(f"cancel-{next(_numbers)}"), account_id=account_id, reservation_id=reservation_id
            )
        )

    async def spend(self, account_id: str, points: int, order_id: str = "paid", stub: Any = None) -> Any:
        """Reserve and commit."""
        held = await self.reserve(account_id, points, order_id, stub)
        return await self.commit(account_id, held.reservation.reservation_id)

    async def process_return(self, account_id: str, order_id: str, return_id: str, **lines: int) -> Any:
        """`line_1=999` is 9.99 of line 1."""
        return await self.points.ProcessReturn(
            points_service_pb2.ProcessReturnRequest(
                ctx=context(f"return-{next(_numbers)}"),
                account_id=account_id,
                order_id=order_id,
                return_id=return_id,
                lines=returned_lines(**lines),
            )
        )

    async def balance(self, account_id: str, stub: Any = None) -> Any:
        request = account_service_pb2.GetBalanceRequest(ctx=context(), account_id=account_id)
        return await (stub or self.accounts).GetBalance(request)

    async def entries(self, account_id: str) -> list[Any]:
        """The whole ledger of an account, oldest first."""
        found: list[Any] = []
        token = ""
        while True:
            page = await self.accounts.ListLedgerEntries(
                account_service_pb2.ListLedgerEntriesRequest(
                    ctx=context(), account_id=account_id, page_size=7, page_token=token
                )
            )
            found += page.entries
            token = page.next_page_token
            if not token:
                return found[::-1]

    async def kinds(self, account_id: str) -> list[tuple[str, int]]:
        """What the ledger says, in short."""
        return [
            (resources_pb2.LedgerEntry.Kind.Name(entry.kind).removeprefix("KIND_"), entry.points)
            for entry in await self.entries(account_id)
        ]

    async def sweep(self) -> int:
        """The timer of `work`, where nothing ever suspends."""
        return await asyncio.to_thread(lambda: run_now(sweep_accounts(self.work_ports)))

    async def hear(self, event_type: str, payload: Any, event_id: str = "") -> None:
        """An event of the returns service reaches its handler in `work`."""
        envelope = event_pb2.EventEnvelope(
            event_id=event_id or f"evt-{next(_numbers)}",
            type=event_type,
            tenant_id=TENANT,
            aggregate_id="returns",
            sequence=1,
            occurred_time=from_datetime(self.clock.now()),
            schema=payload.DESCRIPTOR.full_name,
            payload=payload.SerializeToString(),
        )
        handle = next(
            subscription.handle
            for subscription in handlers.bound_to(self.work_ports)
            if event_type in subscription.event_types
        )
        await asyncio.to_thread(handle, envelope)

    async def told(self, event_type: str) -> int:
        """How many events of a type the outbox holds."""
        return int(await self.db["outbox"].count_documents({"type": event_type}))


def returned_lines(**lines: int) -> list[points_service_pb2.ReturnedLine]:
    return [
        points_service_pb2.ReturnedLine(
            line_id=name.removeprefix("line_"), quantity=1, refund_amount=money(amount)
        )
        for name, amount in lines.items()
    ]
