"""The feed of everything that happened to a tenant."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.chassis.kernel.pagination import decode_token, encode_token, page_size
from services.gateway.application.ports import Ports, RecordedEvent
from services.gateway.domain.errors import invalid_cursor

_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """Some events; `cursor` says where they ended, also when there are no more yet."""

    events: Sequence[RecordedEvent]
    cursor: str
    has_more: bool


async def list_events(
    ports: Ports, tenant_id: str, types: Sequence[str], limit: int, cursor: str
) -> FoundEvents:
    """Events after `cursor` (empty = from the beginning), oldest first; `types` empty means all.

    Raises INVALID_PAGE_TOKEN.
    """
    after = _position(cursor)
    size = page_size(limit)
    found = await ports.events.after(tenant_id, types, after, size + 1)
    kept = found[:size]
    last = kept[-1].position if kept else after
    return FoundEvents(kept, encode_token(str(last)) if last else "", has_more=len(found) > size)


def _position(cursor: str) -> int:
    if not cursor:
        return 0
    text = decode_token(cursor) if cursor.isascii() else ""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) <= _LARGEST):
        raise invalid_cursor()
    return int(text)
