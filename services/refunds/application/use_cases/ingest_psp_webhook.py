"""Keep the provider's webhook; acting on it is left to `work`, so the provider gets its answer at once."""

from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.refunds.application.ports import Ports, Transaction
from services.refunds.application.ports.transaction import PspEvent
from services.refunds.domain import errors
from services.refunds.domain.provider import BadSignatureError, UnreadableEventError


@dataclass(frozen=True, slots=True)
class IngestPspWebhook:
    """The body byte for byte, and its signature header."""

    ctx: RequestContext
    raw_body: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class Ingested:
    """The provider's event id; `duplicate` when it was kept before."""

    event_id: str
    duplicate: bool


async def ingest_psp_webhook(ports: Ports, command: IngestPspWebhook) -> Ingested:
    """Verify and keep. The provider's event id is the key. Raises BAD_WEBHOOK_SIGNATURE, BAD_WEBHOOK_BODY."""
    try:
        event = ports.webhooks.verify(command.raw_body, command.signature)
    except BadSignatureError as error:
        raise errors.bad_webhook_signature() from error
    except UnreadableEventError as error:
        raise errors.bad_webhook_body(str(error)) from error
    now = ports.clock.now()

    async def work(tx: Transaction) -> Ingested:
        if await tx.psp_events.get(event.id) is not None:
            return Ingested(event.id, duplicate=True)
        kept = PspEvent(
            event.id, command.ctx.tenant_id, event.type, command.raw_body, now, event.refund, due_at=now
        )
        await tx.psp_events.add(kept)
        return Ingested(event.id, duplicate=False)

    return await ports.commit(work)
