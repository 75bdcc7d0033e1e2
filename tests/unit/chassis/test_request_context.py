from aftercare.common.v1 import context_pb2
from aftercare.loyalty.v1 import points_service_pb2 as points
from services.chassis.grpc.context import fingerprint, request_context, to_message
from services.chassis.kernel.context import Actor, ActorType, RequestContext


def adjust(points_: int = 5, **ctx: str) -> points.AdjustPointsRequest:
    request = points.AdjustPointsRequest(account_id="acc_1", points=points_)
    request.ctx.tenant_id = ctx.get("tenant", "shop")
    request.ctx.idempotency_key = ctx.get("key", "key-1")
    request.ctx.actor.type = context_pb2.Actor.TYPE_AGENT
    request.ctx.actor.id = "agent-7"
    request.ctx.reason_code = "GOODWILL"
    request.ctx.channel = "phone"
    return request


def test_every_actor_type_of_the_wire_has_one_in_the_kernel() -> None:
    for kind in ActorType:
        context = RequestContext("shop", Actor(kind, "x"))
        message = points.AdjustPointsRequest(ctx=to_message(context))
        assert request_context(message) == context


def test_the_context_reaches_the_application_whole() -> None:
    request = adjust()
    assert request_context(request) == RequestContext(
        "shop", Actor(ActorType.AGENT, "agent-7"), "key-1", fingerprint(request), "GOODWILL", "phone"
    )


def test_the_fingerprint_tells_bodies_apart_and_ignores_the_context() -> None:
    assert fingerprint(adjust()) == fingerprint(adjust(tenant="other", key="key-2"))
    assert fingerprint(adjust()) != fingerprint(adjust(points_=6))
    assert len(fingerprint(adjust())) == 64


def test_making_a_fingerprint_leaves_the_request_as_it_was() -> None:
    request = adjust()
    fingerprint(request)
    assert request == adjust()


def test_a_read_has_no_fingerprint() -> None:
    assert request_context(adjust(key="")).fingerprint == ""
