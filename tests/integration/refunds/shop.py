"""The refunds service as tests meet it: gRPC in front, real MongoDB and the Stripe stand-in behind."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from aftercare.common.v1 import context_pb2
from aftercare.common.v1.event_pb2 import EventEnvelope
from aftercare.common.v1.money_pb2 import Money as MoneyMessage
from aftercare.refunds.v1 import (
    payment_service_pb2,
    payment_service_pb2_grpc,
    reconciliation_service_pb2,
    reconciliation_service_pb2_grpc,
    refund_service_pb2,
    refund_service_pb2_grpc,
    resources_pb2,
)
from services.chassis.grpc.client import channel
from services.chassis.grpc.server import serve
from services.chassis.kernel.clock import FixedClock
from services.chassis.kernel.coroutines import call_directly, run_now
from services.chassis.mongo.client import connect, connect_blocking
from services.chassis.mongo.errors import as_aftercare_error
from services.chassis.mongo.migrations import migrate
from services.chassis.wire import from_datetime
from services.refunds.adapters.mongo.schema import SCHEMA
from services.refunds.application.use_cases.process_psp_event import process_psp_events
from services.refunds.application.use_cases.send_leg import send_due_legs
from services.refunds.bootstrap import build_ports
from services.refunds.config import RefundsSettings
from services.refunds.entrypoints.grpc.services import grpc_services
from tests.integration.standins.stripe_process import KEY, SECRET, paid

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    import grpc
    from pymongo import MongoClient
    from pymongo.database import Database

    from services.refunds.application.ports import Ports
    from tests.integration.standins.stripe_process import Receiver, StandIn

TENANT = "shop"
Result = TypeVar("Result")


class CrashError(BaseException):
    """The process dies here: nothing catches it, nothing is cleaned up."""


@dataclass
class Shop:
    """One running service. `work` stands for the work process: blocking client, direct calls."""

    standin: StandIn
    receiver: Receiver
    database: Database[dict[str, Any]]
    clock: FixedClock
    work: Ports
    link: grpc.aio.Channel
    sdk: Any
    keys: int = 0
    crashed: list[str] = field(default_factory=list)

    # -- callers ---------------------------------------------------------------------------------

    def ctx(self, key: str = "") -> context_pb2.RequestContext:
        self.keys += 1
        return context_pb2.RequestContext(
            tenant_id=TENANT,
            idempotency_key=key or f"key-{self.keys}",
            actor=context_pb2.Actor(type=context_pb2.Actor.TYPE_SYSTEM, id="test"),
        )

    @property
    def payments(self) -> Any:
        return payment_service_pb2_grpc.PaymentServiceStub(self.link)

    @property
    def refunds(self) -> Any:
        return refund_service_pb2_grpc.RefundServiceStub(self.link)

    @property
    def reconciliation(self) -> Any:
        return reconciliation_service_pb2_grpc.ReconciliationServiceStub(self.link)

    async def pay(self, order: str, minor: int = 10_000, card: str = "pm_card_visa") -> resources_pb2.Payment:
        """A payment captured at Stripe and imported."""
        intent = await asyncio.to_thread(paid, self.sdk, minor, card)
        payment = resources_pb2.Payment(
            order_id=order,
            provider=resources_pb2.Payment.PROVIDER_STRIPE,
            provider_payment_id=intent.id,
            captured=eur(minor),
        )
        request = payment_service_pb2.ImportPaymentRequest(ctx=self.ctx(), payment=payment)
        done: resources_pb2.Payment = await self.payments.ImportPayment(request)
        return done

    async def ask(self, order: str, minor: int, key: str = "", reason: str = "") -> resources_pb2.Refund:
        request = refund_service_pb2.CreateRefundRequest(
            ctx=self.ctx(key), order_id=order, amount=eur(minor), reason=reason
        )
        refund: resources_pb2.Refund = await self.refunds.CreateRefund(request)
        return refund

    async def refund(self, refund_id: str) -> resources_pb2.Refund:
        request = refund_service_pb2.GetRefundRequest(ctx=self.ctx(), refund_id=refund_id)
        found: resources_pb2.Refund = await self.refunds.GetRefund(request)
        return found

    async def leg(self, refund_id: str) -> resources_pb2.RefundLeg:
        (leg,) = (await self.refund(refund_id)).legs
        return leg

    async def payment(self, order: str) -> resources_pb2.Payment:
        request = payment_service_pb2.ListPaymentsRequest(ctx=self.ctx(), order_id=order)
        (found,) = (await self.payments.ListPayments(request)).payments
        payment: resources_pb2.Payment = found
        return payment

    async def reconcile(self) -> list[resources_pb2.Statement]:
        """The last 60 days up to now, and a little more."""
        now = self.clock.now()
        request = reconciliation_service_pb2.StartRunRequest(
            ctx=self.ctx(),
            from_time=from_datetime(now - timedelta(days=60)),
            to_time=from_datetime(now + timedelta(minutes=5)),
        )
        run = await self.reconciliation.StartRun(request)
        read = reconciliation_service_pb2.GetRunRequest(ctx=self.ctx(), run_id=run.run_id)
        assert await self.reconciliation.GetRun(read) == run
        return list(run.statements)

    # -- the work process ------------------------------------------------------------------------

    async def send(self, ports: Ports | None = None) -> None:
        """One turn of the sender."""
        await in_thread(lambda: send_due_legs(ports or self.work))

    async def send_until(self, state: str, refund_id: str, tries: int = 15) -> resources_pb2.RefundLeg:
        """Turns of the sender, the clock going on to when the leg is due, until it has that state."""
        for _ in range(tries):
            await self.send()
            leg = await self.leg(refund_id)
            if leg.state == resources_pb2.RefundLeg.State.Value(f"STATE_{state}"):
                return leg
            self.to_due()
        raise AssertionError(f"never {state}: {await self.leg(refund_id)}")

    async def crash_at(self, name: str) -> None:
        """A turn of a sender that dies at a crash point."""

        def die(here: str) -> None:
            if here == name:
                raise CrashError(here)

        try:
            await self.send(replace(self.work, crash_point=die, owner=f"dead-{name}"))
        except CrashError as crash:
            self.crashed.append(str(crash))
            return
        raise AssertionError(f"passed {name} alive")

    def to_due(self) -> None:
        """Move the clocks on to when the next leg is due."""
        row = self.database["legs"].find_one({"due_at": {"$ne": None}}, sort=[("due_at", 1)])
        if row is not None:
            self.later(max(row["due_at"] - self.clock.now(), timedelta(0)))

    def later(self, span: timedelta) -> None:
        """Move our clock and Stripe's."""
        self.clock.instant += span
        seconds = int(span.total_seconds())
        if seconds > 0:
            self.standin.control("advance", secs=seconds)

    async def ingest(self, body: bytes, signature: str) -> refund_service_pb2.IngestPspWebhookResponse:
        request = refund_service_pb2.IngestPspWebhookRequest(
            ctx=self.ctx(), raw_body=body, signature=signature
        )
        done: refund_service_pb2.IngestPspWebhookResponse = await self.refunds.IngestPspWebhook(request)
        return done

    async def hooks(self, at_least: int = 1) -> list[refund_service_pb2.IngestPspWebhookResponse]:
        """Hand over the webhooks that arrived, as the gateway does, and act on them."""
        await until(lambda: len(self.receiver.received) >= at_least)
        arrived, self.receiver.received[:] = list(self.receiver.received), []
        done = [await self.ingest(body, signature) for body, signature in arrived]
        await in_thread(lambda: process_psp_events(self.work))
        return done

    # -- what happened ---------------------------------------------------------------------------

    def posts(self) -> list[dict[str, Any]]:
        """The create calls that reached Stripe."""
        return self.standin.wire()

    def idempotency_keys(self) -> set[str]:
        return {entry["idempotency_key"] for entry in self.posts()}

    def events(self, event_type: str = "") -> list[EventEnvelope]:
        """Our events so far, by commit."""
        rows = self.database["outbox"].find().sort([("ts", 1), ("seq", 1)])
        found = [EventEnvelope.FromString(row["body"]) for row in rows]
        return [event for event in found if event_type in ("", event.type)]

    def alarms(self) -> list[str]:
        return sorted(row["alarm"] for row in self.database["breaks"].find())

    async def assert_books_agree(self) -> None:
        """The invariant of refunds.md 4.9, from four independent sources, and the statement's proof."""
        state = self.standin.state(limit=10_000)
        live = [r for r in state["refunds"] if r["status"] not in ("failed", "canceled")]
        ours = [r for r in live if r["metadata"].get("leg_id")]
        legs = list(self.database["legs"].find({"refund_id": {"$ne": ""}}))
        succeeded = sum(leg["amount"]["minor"] for leg in legs if leg["state"] == "SUCCEEDED")
        everything = list(self.database["legs"].find({"state": "SUCCEEDED"}))
        assert sum(r["amount"] for r in ours if r["status"] == "succeeded") == succeeded
        by_leg = [r["metadata"]["leg_id"] for r in ours]
        assert len(by_leg) == len(set(by_leg)), "two live refunds of one leg"
        booked = 0
        for entry in self.database["journal"].find():
            debit, credit = (
                sum(line[side]["minor"] for line in entry["lines"]) for side in ("debit", "credit")
            )
            assert debit == credit
            booked += sum(
                line["credit"]["minor"] - line["debit"]["minor"]
                for line in entry["lines"]
                if line["account"] == "STRIPE_CLEARING"
            )
        assert booked == sum(leg["amount"]["minor"] for leg in everything)
        categories = ("refund", "refund_failure")
        moved = [b for b in state["balance_transactions"] if b["reporting_category"] in categories]
        assert booked == -sum(b["amount"] for b in moved)
        for payment in self.database["payments"].find():
            held = sum(leg["minor"] for leg in payment["legs"] if leg["phase"] != "RELEASED")
            assert held <= payment["captured"]["minor"]
        for statement in await self.reconcile():
            assert statement.unexplained.minor == 0
            assert not statement.breaks, statement.breaks


def eur(minor: int) -> MoneyMessage:
    return MoneyMessage(minor=minor, currency="EUR")


async def until(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until other processes have made it so, or fail."""
    for _ in range(round(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen in time")


async def in_thread(make: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Run work's coroutine as work does, away from the server's loop."""
    return await asyncio.to_thread(lambda: run_now(make()))


@asynccontextmanager
async def running_shop(
    mongodb_uri: str, mongo_client: MongoClient[dict[str, Any]], standin: StandIn, receiver: Receiver
) -> AsyncIterator[Shop]:
    """A service on a database of its own and an empty Stripe account."""
    name = f"test_{uuid.uuid4().hex}"
    standin.control("reset")
    standin.control("hook", url=receiver.url, secret=SECRET, events=["refund.*"])
    settings = RefundsSettings(
        aftercare_mode="test",
        mongodb_uri=mongodb_uri,
        amqp_uri="amqp://unused",
        refunds_database=name,
        stripe_api_key=KEY,
        stripe_api_base=standin.url,
        stripe_webhook_secret=f"whsec_older,{SECRET}",
    )
    clock = FixedClock(datetime.now(UTC))
    client, blocking = connect(mongodb_uri), connect_blocking(mongodb_uri)
    work = build_ports(settings, blocking, call_directly, clock)
    run_now(migrate(blocking[name], SCHEMA, clock))
    port: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def ready() -> bool:
        return True

    server = asyncio.create_task(
        serve(
            grpc_services(build_ports(settings, client, asyncio.to_thread, clock)),
            "127.0.0.1:0",
            service_name="refunds",
            ready=ready,
            translate=as_aftercare_error,
            on_listening=port.set_result,
        )
    )
    link = channel(f"127.0.0.1:{await port}")
    try:
        yield Shop(standin, receiver, mongo_client[name], clock, work, link, standin.client())
    finally:
        await link.close()
        server.cancel()
        await asyncio.gather(server, return_exceptions=True)
        await client.close()
        run_now(blocking.close())
        mongo_client.drop_database(name)
