"""The OpenAPI 3.1 document, made from the operations and the protos behind them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic.json_schema import models_json_schema

from services.gateway.entrypoints.http.operations import QUERY, Operation
from services.gateway.entrypoints.http.routes import orders
from services.gateway.entrypoints.http.schema import answer_model

if TYPE_CHECKING:
    from pydantic import BaseModel

VERSION = "2026-11-24"
_REF = "#/components/schemas/{model}"
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
    models: set[type[BaseModel]] = set()
    paths: dict[str, Any] = {}
    for operation in (*operations, orders.QUOTE):
        answer: Any = operation.method.output_type
        models.add(answer_model(answer))
        if operation.verb == "POST":
            models.add(operation.body_model())
        paths.setdefault(operation.path, {})[operation.verb.lower()] = _operation(operation)
    wanted = sorted(models, key=lambda model: model.__name__)
    _, schemas = models_json_schema([(model, "validation") for model in wanted], ref_template=_REF)
    tags = sorted({operation.tag for operation in operations})
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Aftercare",
            "version": VERSION,
            "summary": "Loyalty points, returns with courier pickup, and refunds.",
            "license": {"name": "Proprietary", "identifier": "LicenseRef-Aftercare"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in tags],
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Problem": _PROBLEM},
            "securitySchemes": {"apiKey": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    name = operation.method.name
    answer: Any = operation.method.output_type
    media, schema = "application/json", {"$ref": _REF.format(model=answer_model(answer).__name__)}
    if operation.fixed:  # the label routes answer the file itself
        media = "application/pdf" if operation.fixed.get("format") == "PDF" else "application/zpl"
        schema = {"type": "string", "format": "binary"}
    described: dict[str, Any] = {
        "operationId": name + ("".join(str(value) for value in operation.fixed.values())),
        "summary": operation.summary,
        "tags": [operation.tag],
        "security": [{"apiKey": [operation.scope.value]}],
        "parameters": _parameters(operation),
        "responses": {
            "200": {"description": "Done", "content": {media: {"schema": schema}}},
            "4XX": _problem("The request was refused"),
            "5XX": _problem("It did not work; ask again with the same Idempotency-Key"),
        },
    }
    if operation.verb == "POST":
        reference = {"$ref": _REF.format(model=operation.body_model().__name__)}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference}}}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    text = {"type": "string", "minLength": 1, "maxLength": 64}
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": text} for name in operation.path_fields
    ]
    names = {proto: shown for shown, proto in QUERY.items()}
    for proto in operation.query:
        schema: dict[str, Any] = {"type": "string", "maxLength": 256}
        if proto == "page_size":
            schema = {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}
        found.append({"name": names.get(proto, proto), "in": "query", "schema": schema})
    if operation.is_mutation:
        key = {"type": "string", "minLength": 1, "maxLength": 80}
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": key})
    return found


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model="Problem")}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}
