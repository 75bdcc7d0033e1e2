"""The OpenAPI 3.1 document, made from the operations and the protos behind them."""

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from services.gateway.entrypoints.http import described
from services.gateway.entrypoints.http.described import REF, answers
from services.gateway.entrypoints.http.operations import Operation
from services.gateway.entrypoints.http.routes import orders

VERSION = "2026-11-24"
TAGS = {
    "events": "Everything that happened, kept 90 days.",
    "members": "Members and their points.",
    "orders": "Orders taken over from the shop, and what of them can come back.",
    "pickups": "The courier: slots, bookings, labels.",
    "programs": "Loyalty programmes.",
    "reconciliation": "The proof that refunds add up.",
    "refunds": "Payments and money back.",
    "reservations": "Points held for a purchase.",
    "returns": "Goods on their way back.",
    "warehouse": "The warehouse desk.",
    "webhooks": "What payment providers and couriers tell us; proven by their signature, not by a key.",
}
_PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "A failure, as RFC 9457 has it.",
    "required": ["type", "title", "status", "code", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "Where this reason is explained."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable reason, such as INSUFFICIENT_POINTS."},
        "detail": {"type": "string", "description": "What to do about it."},
        "request_id": {"type": "string"},
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The whole document."""
    every = (*operations, orders.QUOTE)
    models = set(described.MODELS)
    paths: dict[str, Any] = {}
    for operation in every:
        if not operation.fixed:
            models.add(operation.answer_model())
        if operation.verb == "POST":
            models.add(operation.body_model())
        paths.setdefault(operation.path, {})[operation.verb.lower()] = _operation(operation)
    paths |= described.paths()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aftercare",
            "version": VERSION,
            "summary": "Loyalty points, returns with courier pickup, and refunds.",
            "license": {"name": "Proprietary", "identifier": "LicenseRef-Aftercare"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "security": [{"apiKey": []}],
        "paths": paths,
        "components": {
            "schemas": {**_schemas(models), "Problem": _PROBLEM},
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key of the shop: `Authorization: Bearer sk_…`.",
                }
            },
        },
    }


def _schemas(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    wanted = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in wanted], ref_template=REF)
    found: dict[str, Any] = schemas["$defs"]
    return found


def _operation(operation: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "application/json": {"schema": {"$ref": REF.format(model=operation.answer_model().__name__)}}
    }
    if operation.fixed:  # the label routes answer the file itself
        media = "application/pdf" if operation.fixed.get("format") == "PDF" else "application/zpl"
        answer = {media: {"schema": {"type": "string", "format": "binary"}}}
    found: dict[str, Any] = {
        "operationId": operation.operation_id,
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": [{"apiKey": [operation.scope.value]}],
        "parameters": _parameters(operation),
        "responses": answers(answer),
    }
    if operation.verb == "POST":
        model = operation.body_model()
        reference = {"$ref": REF.format(model=model.__name__)}
        found["requestBody"] = {
            "required": any(field.is_required() for field in model.model_fields.values()),
            "content": {"application/json": {"schema": reference}},
        }
    return found


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    found = described.parameters(operation.parameter_model(), operation.path_fields)
    if operation.is_mutation:
        key = {"type": "string", "minLength": 1, "maxLength": 80}
        found.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "required": True,
                "description": "Fresh for each change you intend, the same when you ask again.",
                "schema": key,
            }
        )
    return found
