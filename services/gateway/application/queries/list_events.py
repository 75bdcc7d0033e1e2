"""The feed of everything that happened to a tenant."""

from collections.abc import Sequence

from services.chassis.kernel.pagination import Page, decode_token, encode_token, page_size
from services.gateway.application.ports import Ports, RecordedEvent


async def list_events(
    ports: Ports, tenant_id: str, types: Sequence[str], limit: int, cursor: str
) -> Page[RecordedEvent]:
    """A page of events, oldest first. `types` empty means all. Raises INVALID_PAGE_TOKEN."""
    page = await ports.events.page(tenant_id, types, page_size(limit), decode_token(cursor))
    return Page(page.items, encode_token(page.next_page_token))
