"""From the headers of a request to who is asking, for which tenant, with which intent."""

import re
from dataclasses import dataclass

from starlette.requests import Request

from aftercare.common.v1 import context_pb2
from services.chassis.kernel.errors import FieldViolation
from services.gateway.application.use_cases.authenticate import authenticate
from services.gateway.domain.credentials import ACTORS, Credential, Scope
from services.gateway.domain.errors import bad_request
from services.gateway.entrypoints.http.bodies import bad_parameter

_KEY = re.compile(r"[\x21-\x7e]{1,80}")
_SUBJECT = re.compile(r"[A-Za-z0-9_.:-]{1,100}")

_ACTOR_TYPES = {audience: context_pb2.Actor.Type.Value(f"TYPE_{actor}") for audience, actor in ACTORS.items()}


@dataclass(frozen=True, slots=True)
class Caller:
    """A proven caller and the head of the request to the services."""

    credential: Credential
    context: context_pb2.RequestContext


async def require(request: Request, scope: Scope, *, mutation: bool) -> Caller:
    """The caller, who must carry `scope`; a mutation must carry an Idempotency-Key.

    `Aftercare-Actor` names the person behind the key (an agent's opaque id), for the audit trail.
    """
    credential = await authenticate(request.app.state.ports, request.headers.get("authorization", ""), scope)
    subject = request.headers.get("aftercare-actor", "") or credential.key_id
    if not _SUBJECT.fullmatch(subject):
        raise bad_parameter("Aftercare-Actor", "an opaque id of at most 100 characters")
    return Caller(
        credential,
        context_pb2.RequestContext(
            tenant_id=credential.tenant_id,
            # Keys of different credentials never meet.
            idempotency_key=f"{credential.key_id}:{_idempotency_key(request)}" if mutation else "",
            actor=context_pb2.Actor(type=_ACTOR_TYPES[credential.audience], id=subject),
            reason_code=_short(request, "aftercare-reason", 64),
            channel=_short(request, "aftercare-channel", 32),
        ),
    )


def system_context(tenant_id: str, process: str, idempotency_key: str = "") -> context_pb2.RequestContext:
    """The head for requests that no key stands behind: webhooks prove themselves by their signature."""
    return context_pb2.RequestContext(
        tenant_id=tenant_id,
        idempotency_key=idempotency_key,
        actor=context_pb2.Actor(type=context_pb2.Actor.TYPE_SYSTEM, id=process),
    )


def _idempotency_key(request: Request) -> str:
    key = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(key):
        raise bad_request(
            "MISSING_IDEMPOTENCY_KEY",
            "send an Idempotency-Key of 1 to 80 visible ASCII characters with every change",
            FieldViolation("Idempotency-Key", "required"),
        )
    return key


def _short(request: Request, header: str, limit: int) -> str:
    value = request.headers.get(header, "")
    if len(value) > limit:
        raise bad_parameter(header, f"at most {limit} characters")
    return value
