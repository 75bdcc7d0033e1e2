"""The feed of everything that happened."""

from typing import Annotated, Any

from pydantic import AwareDatetime, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.gateway.application.ports import RecordedEvent
from services.gateway.application.queries.list_events import list_events
from services.gateway.domain.credentials import Scope
from services.gateway.entrypoints.http.bodies import bad_parameter, read_parameters
from services.gateway.entrypoints.http.scalars import Cursor, PageLimit
from services.gateway.entrypoints.http.schema import Body
from services.gateway.entrypoints.http.security import require

PATH = "/v1/events"
_MAX_TYPES = 50


class EventParameters(Body):
    """The query of the feed."""

    types: Annotated[str, Field(max_length=2000, description="Comma-separated, such as points.earned")] = ""
    limit: PageLimit = 50
    cursor: Cursor = ""


class Event(Body):
    """An event of any service."""

    event_id: str
    type: str
    aggregate_id: str
    sequence: int
    occurred_time: AwareDatetime
    data: dict[str, Any]


class EventPage(Body):
    """A page of the feed, oldest first.

    `next_cursor` is where this page ended, also at the end of the feed, so that a reader asks again with it
    later and misses nothing; it is empty only while there is no event at all.
    """

    events: list[Event]
    next_cursor: str
    has_more: bool


async def events(request: Request) -> Response:
    """Events of the tenant, oldest first; `types` is a comma-separated filter."""
    caller = await require(request, Scope.EVENTS_READ, mutation=False)
    asked = EventParameters(**read_parameters(EventParameters, (), request.query_params.multi_items()))
    types = [name for name in asked.types.split(",") if name]
    if len(types) > _MAX_TYPES:
        raise bad_parameter("types", f"at most {_MAX_TYPES} of them")
    found = await list_events(
        request.app.state.ports, caller.credential.tenant_id, types, asked.limit, asked.cursor
    )
    return JSONResponse(
        {
            "events": [_as_json(event) for event in found.events],
            "next_cursor": found.cursor,
            "has_more": found.has_more,
        }
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
