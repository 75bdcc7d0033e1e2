"""The head of a request, from the wire to the application."""

import hashlib
from typing import Any

from aftercare.common.v1 import context_pb2
from services.chassis.kernel.context import Actor, ActorType, RequestContext

_ACTOR_TYPES = {
    number: ActorType(name.removeprefix("TYPE_"))
    for name, number in context_pb2.Actor.Type.items()
    if number != context_pb2.Actor.TYPE_UNSPECIFIED
}


def request_context(request: Any) -> RequestContext:  # noqa: ANN401 - every request message has its own type
    """The context of a validated request message whose first field is `ctx`, with the body's fingerprint."""
    ctx: context_pb2.RequestContext = request.ctx
    return RequestContext(
        tenant_id=ctx.tenant_id,
        actor=Actor(_ACTOR_TYPES[ctx.actor.type], ctx.actor.id),
        idempotency_key=ctx.idempotency_key,
        # Reads have no key, so nothing to compare a fingerprint with.
        fingerprint=fingerprint(request) if ctx.idempotency_key else "",
        reason_code=ctx.reason_code,
        channel=ctx.channel,
    )


def fingerprint(request: Any) -> str:  # noqa: ANN401 - as above
    """SHA-256 (hex) of a request without its `ctx`; equal bodies give equal fingerprints."""
    body = type(request)()
    body.CopyFrom(request)
    body.ClearField("ctx")
    return hashlib.sha256(body.SerializeToString(deterministic=True)).hexdigest()


def to_message(ctx: RequestContext) -> context_pb2.RequestContext:
    """The message of a context, for clients. The fingerprint is not sent: the server makes its own."""
    return context_pb2.RequestContext(
        tenant_id=ctx.tenant_id,
        idempotency_key=ctx.idempotency_key,
        actor=context_pb2.Actor(type=context_pb2.Actor.Type.Value(f"TYPE_{ctx.actor.type}"), id=ctx.actor.id),
        reason_code=ctx.reason_code,
        channel=ctx.channel,
    )
