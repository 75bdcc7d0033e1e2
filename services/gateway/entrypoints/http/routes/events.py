"""The feed of everything that happened."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.chassis.kernel.errors import FieldViolation
from services.gateway.application.ports import RecordedEvent
from services.gateway.application.queries.list_events import list_events
from services.gateway.domain.credentials import Scope
from services.gateway.domain.errors import bad_request
from services.gateway.entrypoints.http.security import require

_PARAMETERS = {"types", "limit", "cursor"}
_MAX_TYPES = 50


async def events(request: Request) -> Response:
    """Events of the tenant, oldest first; `types` is a comma-separated filter."""
    caller = await require(request, Scope.EVENTS_READ, mutation=False)
    query = request.query_params
    for name in query:
        if name not in _PARAMETERS:
            raise bad_request(
                "BAD_PARAMETER", f"there is no parameter {name!r} here", FieldViolation(name, "unknown")
            )
    limit = query.get("limit", "50")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:6]) <= 100:
        raise bad_request(
            "BAD_PARAMETER", "limit is a number from 1 to 100", FieldViolation("limit", "1 to 100")
        )
    types = [name for name in query.get("types", "").split(",") if name][:_MAX_TYPES]
    page = await list_events(
        request.app.state.ports, caller.credential.tenant_id, types, int(limit), query.get("cursor", "")
    )
    return JSONResponse(
        {"events": [_as_json(event) for event in page.items], "next_cursor": page.next_page_token}
    )


def _as_json(event: RecordedEvent) -> dict[str, object]:
    return {
        "event_id": event.event_id,
        "type": event.type,
        "aggregate_id": event.aggregate_id,
        "sequence": event.sequence,
        "occurred_time": event.occurred_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "data": event.data,
    }
