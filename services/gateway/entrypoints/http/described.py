"""The parts of the OpenAPI document that no operation's line says: the feed, the webhooks, the answers."""

from collections.abc import Collection, Mapping
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from pydantic import BaseModel

from services.gateway.domain.credentials import Scope
from services.gateway.entrypoints.http.routes import events, webhooks
from services.gateway.entrypoints.http.schema import answer_model

REF = "#/components/schemas/{model}"
_TENANT = {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,62}$"}
_CARRIER = {"type": "string", "minLength": 1, "maxLength": 64}


def _answered(method: MethodDescriptor) -> type[BaseModel]:
    message: Any = method.output_type
    return answer_model(message)


MODELS: Collection[type[BaseModel]] = {
    events.EventPage,
    _answered(webhooks.STRIPE),
    _answered(webhooks.CARRIER),
}


def paths() -> dict[str, Any]:
    """The paths of hand-written routes, but for the quote, which is an operation."""
    return {
        events.PATH: {
            "get": {
                "operationId": "ListEvents",
                "summary": "What happened, oldest first",
                "description": " ".join((events.EventPage.__doc__ or "").split()),
                "tags": ["events"],
                "security": [{"apiKey": [Scope.EVENTS_READ.value]}],
                "parameters": parameters(events.EventParameters, ()),
                "responses": answers(_json(events.EventPage)),
            }
        },
        webhooks.STRIPE_PATH: {"post": _webhook("IngestPspWebhook", "Stripe's events", webhooks.STRIPE)},
        webhooks.CARRIER_PATH: {
            "post": _webhook("IngestCarrierEvents", "A courier's scans", webhooks.CARRIER)
        },
    }


def parameters(model: type[BaseModel], in_path: Collection[str]) -> list[dict[str, Any]]:
    """Parameters of a path or query as OpenAPI has them, from their model."""
    schemas = model.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "in": "path" if name in in_path else "query",
            "required": name in in_path,
            "schema": _without_null(schemas[name]),
        }
        for name in model.model_fields
    ]


def answers(content: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a route: the good one and the problems."""
    return {
        "200": {"description": "Done", "content": content},
        "4XX": _problem("The request was refused"),
        "5XX": _problem("It did not work; ask again with the same Idempotency-Key"),
    }


def _webhook(name: str, summary: str, method: MethodDescriptor) -> dict[str, Any]:
    found = [_parameter("tenant_id", "path", _TENANT)]
    if method is webhooks.STRIPE:
        found.append(_parameter("Stripe-Signature", "header", {"type": "string", "maxLength": 4096}))
    else:
        found.append(_parameter("carrier", "path", _CARRIER))
    return {
        "operationId": name,
        "summary": summary,
        "description": "Proven by the sender's signature over the raw body; repeated ones change nothing.",
        "tags": ["webhooks"],
        "security": [],
        "parameters": found,
        "requestBody": {"required": True, "content": {"application/json": {"schema": {}}}},
        "responses": answers(_json(_answered(method))),
    }


def _parameter(name: str, where: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": True, "schema": schema}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": REF.format(model=model.__name__)}}}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": REF.format(model="Problem")}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    # A parameter that is left out is not null, it is not there.
    if "anyOf" not in schema:
        return {name: value for name, value in schema.items() if name != "title"}
    (found,) = (option for option in schema["anyOf"] if option != {"type": "null"})
    return dict(found)
