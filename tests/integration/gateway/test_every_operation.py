"""Each route, generated from the operations: the right caller is served, every other one is told why not."""

import pytest

from services.chassis.grpc.validation import is_mutation
from services.gateway.domain.credentials import ACTORS, new_key
from services.gateway.entrypoints.http.app import OPERATIONS
from services.gateway.entrypoints.http.operations import Operation
from services.gateway.entrypoints.http.routes.orders import QUOTE
from services.gateway.entrypoints.translate import to_json
from tests.integration.gateway import samples
from tests.integration.gateway.upstream import CannedUpstream
from tests.integration.gateway.world import Gateway, allowed, problem, refused

EVERY = (*OPERATIONS, QUOTE)
MUTATIONS = tuple(operation for operation in EVERY if operation.is_mutation)
every = pytest.mark.parametrize("operation", EVERY, ids=lambda operation: operation.operation_id)
mutation = pytest.mark.parametrize("operation", MUTATIONS, ids=lambda operation: operation.operation_id)


@every
async def test_the_right_caller_is_served(
    operation: Operation, gateway: Gateway, upstream: CannedUpstream
) -> None:
    answer = await gateway.ask(operation)

    assert answer.status_code == 200, answer.text
    name, request = next(one for one in upstream.asked if one[0] == operation.method.name)
    assert name == operation.method.name
    audience = allowed(operation.scope)
    assert request.ctx.tenant_id == "demo"
    assert request.ctx.actor.id == f"key_{audience}"
    assert request.ctx.actor.Type.Name(request.ctx.actor.type) == f"TYPE_{ACTORS[audience]}"
    assert bool(request.ctx.idempotency_key) == operation.is_mutation == is_mutation(operation.method.name)
    assert all(getattr(request, field) == "id-1" for field in operation.path_fields)


@pytest.mark.parametrize(
    "operation", [one for one in EVERY if one.verb == "POST"], ids=lambda operation: operation.operation_id
)
async def test_the_body_reaches_the_service_whole(
    operation: Operation, gateway: Gateway, upstream: CannedUpstream
) -> None:
    sent = samples.body_of(operation)

    await gateway.ask(operation, body=sent)

    request = next(request for name, request in upstream.asked if name == operation.method.name)
    assert to_json(getattr(request, operation.body_field) if operation.body_field else request) == (
        sent
        if operation.body_field
        else {"ctx": to_json(request.ctx), **dict.fromkeys(operation.path_fields, "id-1"), **sent}
    )


@every
async def test_the_answer_is_what_the_document_promises(operation: Operation, gateway: Gateway) -> None:
    answer = await gateway.ask(operation)

    if operation.fixed:
        assert answer.content == b"\x00\xff"
        return
    assert operation.answer_model().model_validate_json(answer.content)
    assert ("etag" in answer.headers) == ("version" in answer.json())
    fields = operation.method.output_type.fields_by_name
    assert answer.headers.get("idempotent-replayed") == ("true" if "replayed" in fields else None)


@every
async def test_nobody_else_is_served(
    operation: Operation, gateway: Gateway, upstream: CannedUpstream
) -> None:
    problem(await gateway.ask(operation, audience=None), 401, "MISSING_API_KEY")
    for key in ("sk_test_x", new_key()[:-1] + "!", new_key()):
        bearer = {"Authorization": f"Bearer {key}"}
        answer = await gateway.ask(operation, audience=None, headers=bearer)
        problem(answer, 401, "BAD_API_KEY")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    wrong = refused(operation.scope)
    if wrong is not None:
        told = problem(await gateway.ask(operation, audience=wrong), 403, "SCOPE_MISSING")
        assert told["metadata"] == {"scope": operation.scope.value}
    assert not upstream.asked


@mutation
@pytest.mark.parametrize("key", ["", "x" * 81, "white space"])
async def test_a_change_needs_an_idempotency_key(
    operation: Operation, key: str, gateway: Gateway, upstream: CannedUpstream
) -> None:
    answer = await gateway.ask(operation, headers={"Idempotency-Key": key})

    told = problem(answer, 400, "MISSING_IDEMPOTENCY_KEY")
    assert told["errors"][0]["pointer"] == "/Idempotency-Key"
    assert not upstream.asked


@every
async def test_a_parameter_nobody_knows_is_refused(
    operation: Operation, gateway: Gateway, upstream: CannedUpstream
) -> None:
    answer = await gateway.ask(operation, params={"tenant_id": "other"})

    told = problem(answer, 400, "BAD_PARAMETER")
    assert [one["pointer"] for one in told["errors"]] == ["/tenant_id"]
    assert not upstream.asked


def test_the_mutations_are_the_posts_that_change_something() -> None:
    assert {operation.verb for operation in MUTATIONS} == {"POST"}
    asking = {operation.operation_id for operation in EVERY if operation.verb == "POST"} - {
        operation.operation_id for operation in MUTATIONS
    }
    assert asking == {"SimulateEarn", "QuoteReturn", "ListSlots"}
