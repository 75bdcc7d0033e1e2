from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

from deploy.standins.stripe.control import happenings, steering
from deploy.standins.stripe.control.body import BodyError
from deploy.standins.stripe.control.state import DEFAULT_ROWS, MAX_ROWS, shown_state

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from deploy.standins.stripe.server import StandIn
    from deploy.standins.stripe.wire.call import StripeObject

Control: TypeAlias = "Callable[[StandIn, object], Awaitable[StripeObject]]"

CONTROLS: dict[str, Control] = {
    "reset": steering.reset,
    "fault": steering.set_fault,
    "hook": steering.add_hook,
    "advance": steering.advance,
    "autohook": steering.switch_autohook,
    "redeliver": steering.redeliver,
    "transition": happenings.transition,
    "next_refund": happenings.plan_refund,
    "external_refund": happenings.external_refund,
    "dispute": happenings.dispute,
    "close_dispute": happenings.close_dispute,
    "payout": happenings.payout,
    "fail_payout": happenings.fail_payout,
    "funds": happenings.set_funds,
    "exchange_rate": happenings.set_exchange_rate,
}


async def act(stand_in: StandIn, request: web.Request) -> web.Response:
    """Run the control named in the path; a body it cannot use is a 400 that says why."""
    name = request.match_info["name"]
    control = CONTROLS.get(name)
    if control is None:
        known = ", ".join([*CONTROLS, "state (GET)"])
        return _refused(404, f"there is no control {name!r}; there are: {known}")
    try:
        return web.json_response(await control(stand_in, await _body(request)))
    except BodyError as error:
        return _refused(400, str(error))


async def state(stand_in: StandIn, request: web.Request) -> web.Response:
    """Show the account, up to `?limit=` rows of each kind."""
    limit = request.query.get("limit", str(DEFAULT_ROWS))
    if not limit.isdecimal() or not 1 <= int(limit[:9]) <= MAX_ROWS:
        return _refused(400, f"limit must be an integer from 1 to {MAX_ROWS}; got {limit[:40]!r}")
    return web.json_response(shown_state(stand_in, int(limit)))


async def _body(request: web.Request) -> object:
    raw = await request.read()
    try:
        return json.loads(raw) if raw else {}
    except ValueError as cause:
        raise BodyError(f"the body is not JSON: {cause}") from cause


def _refused(status: int, message: str) -> web.Response:
    return web.json_response({"error": message}, status=status)
