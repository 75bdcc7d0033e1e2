"""Webhooks reach the service that owns the secret exactly as they came."""

import pytest

from services.chassis.kernel.errors import AftercareError, Kind
from services.gateway.entrypoints.http.routes.webhooks import MAX_WEBHOOK
from tests.integration.gateway.upstream import CannedUpstream
from tests.integration.gateway.world import Gateway, problem

STRIPE = "/v1/webhooks/demo/stripe"
CARRIER = "/v1/webhooks/demo/carriers/kurier"
RAW = b'{ "b":1,\t"a" : "\xc5\xbc\xff" }\r\n'


async def test_stripes_bytes_and_signature_pass_untouched(gateway: Gateway, upstream: CannedUpstream) -> None:
    headers = {"Stripe-Signature": "t=1,v1=ab, v0=x"}
    answer = await gateway.client.post(STRIPE, content=RAW, headers=headers)

    assert (answer.status_code, answer.json()) == (200, {"event_id": "text-1", "duplicate": True})
    request = upstream.last()
    assert (request.raw_body, request.signature) == (RAW, "t=1,v1=ab, v0=x")
    assert (request.ctx.tenant_id, request.ctx.actor.id) == ("demo", "webhook.stripe")


async def test_a_carriers_bytes_and_headers_pass_untouched(
    gateway: Gateway, upstream: CannedUpstream
) -> None:
    sent = "żółw".encode()
    headers = [(b"X-Signature", b"sha256=AbC="), (b"x-signature", b"second"), (b"X-Sent", sent)]
    answer = await gateway.client.post(CARRIER, content=RAW, headers=headers)

    assert answer.status_code == 200
    request = upstream.last()
    assert (request.carrier, request.body) == ("kurier", RAW)
    got = [(header.name, header.value) for header in request.headers if header.name.startswith("x-s")]
    assert got == [
        ("x-signature", "sha256=AbC="),
        ("x-signature", "second"),
        ("x-sent", sent.decode("latin-1")),
    ]


async def test_each_delivery_is_its_own_intent(gateway: Gateway, upstream: CannedUpstream) -> None:
    for _ in range(2):
        headers = {"Stripe-Signature": "t=1", "Request-Id": "req-12345678"}
        await gateway.client.post(STRIPE, content=RAW, headers=headers)

    assert len({request.ctx.idempotency_key for _, request in upstream.asked}) == 2


@pytest.mark.parametrize("path", [STRIPE, CARRIER])
async def test_a_webhook_is_bounded(path: str, gateway: Gateway, upstream: CannedUpstream) -> None:
    signed = {"Stripe-Signature": "t=1"}
    full = b"x" * MAX_WEBHOOK
    problem(await gateway.client.post(path, content=full + b"x", headers=signed), 413, "BODY_TOO_LARGE")
    problem(await gateway.client.post(path, content=b"", headers=signed), 400, "INVALID_REQUEST")
    long = {"Stripe-Signature": "t" * 4097}
    assert (await gateway.client.post(path, content=RAW, headers=long)).status_code == 400
    many = [("Stripe-Signature", "t=1"), *((f"x-{number}", "1") for number in range(101))]
    answer = await gateway.client.post(path, content=RAW, headers=many)
    assert answer.status_code == (200 if path == STRIPE else 400)
    assert (await gateway.client.post(path, content=full, headers=signed)).status_code == 200


async def test_an_unsigned_or_wrongly_signed_webhook_is_refused(
    gateway: Gateway, upstream: CannedUpstream
) -> None:
    problem(await gateway.client.post(STRIPE, content=RAW), 401, "BAD_WEBHOOK_SIGNATURE")
    assert not upstream.asked
    refusal = AftercareError(Kind.UNAUTHENTICATED, "BAD_WEBHOOK_SIGNATURE", "not signed by them")
    upstream.answers |= {"IngestPspWebhook": refusal, "IngestCarrierEvents": refusal}
    for path in (STRIPE, CARRIER):
        answer = await gateway.client.post(path, content=RAW, headers={"Stripe-Signature": "t=1"})
        problem(answer, 401, "BAD_WEBHOOK_SIGNATURE")


@pytest.mark.parametrize("tenant", ["UPPER", "a%2fb", "x" * 64, "%ff"])
async def test_a_tenant_that_cannot_be_is_refused(tenant: str, gateway: Gateway) -> None:
    answer = await gateway.client.post(
        f"/v1/webhooks/{tenant}/stripe", content=RAW, headers={"Stripe-Signature": "t=1"}
    )
    assert answer.status_code in {400, 404}


async def test_a_carriers_name_over_its_bound_is_refused(gateway: Gateway) -> None:
    answer = await gateway.client.post(f"/v1/webhooks/demo/carriers/{'x' * 65}", content=RAW)
    problem(answer, 400, "INVALID_REQUEST")
