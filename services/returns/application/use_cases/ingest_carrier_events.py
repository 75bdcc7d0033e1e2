"""Taking a carrier's webhook as it came."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.errors import AftercareError, Kind
from services.returns.application.carrier_effects import take_scan
from services.returns.application.ports import Ports
from services.returns.application.ports.transaction import ReturnsTransaction
from services.returns.domain.carrier_errors import BadWebhook
from services.returns.domain.carrier_events import CarrierEvent
from services.returns.domain.cases.story import Story
from services.returns.domain.errors import invalid


@dataclass(frozen=True, slots=True)
class IngestCarrierEvents:
    """The webhook, byte for byte; header names in lower case."""

    ctx: RequestContext
    carrier: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(slots=True)
class Ingested:
    """What became of the scans in it."""

    accepted: int = 0
    duplicates: int = 0
    parked: int = 0


async def ingest_carrier_events(ports: Ports, command: IngestCarrierEvents) -> Ingested:
    """Every scan is kept once by its natural key, however often and in whatever order it comes.

    Raises UNKNOWN_CARRIER, BAD_WEBHOOK_SIGNATURE, BAD_WEBHOOK_BODY.
    """
    events = _read(ports, command)
    now = ports.clock.now()

    async def work(tx: ReturnsTransaction) -> Ingested:
        done = Ingested()
        for event in events:
            await _take(tx, command.ctx, event, Story(command.ctx.actor, now), done)
        return done

    return await ports.uow.run(work)


async def _take(
    tx: ReturnsTransaction, ctx: RequestContext, event: CarrierEvent, story: Story, done: Ingested
) -> None:
    if await tx.scans.is_known(ctx.tenant_id, event):
        done.duplicates += 1
        return
    case = await tx.cases.find_by_parcel(ctx.tenant_id, event.tracking_no, event.carrier)
    if case is None:
        await tx.scans.add(ctx.tenant_id, event, story.at, return_id="", is_late=False)
        done.parked += 1
        return
    case, is_late = await take_scan(tx, case, event, story)
    await tx.cases.save(case)
    await tx.scans.add(ctx.tenant_id, event, story.at, return_id=case.return_id, is_late=is_late)
    await tx.keep(story)
    done.accepted += 1


def _read(ports: Ports, command: IngestCarrierEvents) -> tuple[CarrierEvent, ...]:
    gateway = ports.carriers.get(command.carrier)
    if gateway is None:
        raise invalid(
            "UNKNOWN_CARRIER",
            f"there is no carrier {command.carrier!r} here",
            "carrier",
            carrier=command.carrier,
        )
    try:
        return gateway.parse_webhook(command.headers, command.body)
    except BadWebhook as error:
        if error.__cause__ is not None:  # it was signed, but could not be read
            raise invalid("BAD_WEBHOOK_BODY", error.message, "body") from error
        raise AftercareError(Kind.UNAUTHENTICATED, "BAD_WEBHOOK_SIGNATURE", error.message) from error
