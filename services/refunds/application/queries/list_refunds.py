"""List refunds."""

from dataclasses import dataclass

from services.chassis.kernel.context import RequestContext
from services.chassis.kernel.pagination import Page, decode_token, encode_token, page_size
from services.refunds.application.ports import Ports, Transaction
from services.refunds.domain.leg import Leg
from services.refunds.domain.refund import Refund


@dataclass(frozen=True, slots=True)
class ListRefunds:
    """Of one order or one return, or all; newest first."""

    ctx: RequestContext
    order_id: str = ""
    return_id: str = ""
    page_size: int = 0
    page_token: str = ""


async def list_refunds(ports: Ports, asked: ListRefunds) -> Page[tuple[Refund, list[Leg]]]:
    """A page of refunds with their legs. Raises INVALID_PAGE_TOKEN."""
    size, before = page_size(asked.page_size), decode_token(asked.page_token)

    async def query(tx: Transaction) -> Page[tuple[Refund, list[Leg]]]:
        tenant_id = asked.ctx.tenant_id
        found = await tx.refunds.page(tenant_id, asked.order_id, asked.return_id, before, size + 1)
        shown = found[:size]
        legs = await tx.legs.of_refunds(tenant_id, [refund.refund_id for refund in shown])
        token = encode_token(shown[-1].refund_id) if len(found) > size else ""
        return Page([(r, [leg for leg in legs if leg.refund_id == r.refund_id]) for r in shown], token)

    return await ports.uow.read(query)
