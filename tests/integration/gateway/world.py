"""A caller's view of the gateway under test."""

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from services.chassis.mongo.client import DatabaseHandle
from services.gateway.application.ports import Ports
from services.gateway.domain.credentials import SCOPES, Audience, Scope
from services.gateway.entrypoints.http.operations import Operation
from tests.integration.gateway import samples

PEPPER = "pepper-for-tests-only"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Door:
    ports: Ports
    keys: Mapping[Audience, str]
    database: DatabaseHandle
    address: str


@dataclass(frozen=True)
class Gateway:
    client: httpx2.AsyncClient
    keys: Mapping[Audience, str]
    app: Any

    def headers(self, audience: Audience | None, **more: str) -> dict[str, str]:
        """A caller's headers with a fresh Idempotency-Key; underscores become hyphens, "" leaves one out."""
        found = {"Idempotency-Key": f"intent-{next(_numbers)}"}
        if audience is not None:
            found["Authorization"] = f"Bearer {self.keys[audience]}"
        found |= {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in found.items() if value}

    async def ask(self, operation: Operation, **changes: Any) -> httpx2.Response:
        """Send an operation as the right audience with a right body; `changes` replaces parts."""
        audience = changes.pop("audience", allowed(operation.scope))
        headers = self.headers(audience, **changes.pop("headers", {}))
        content: bytes | None = None
        if operation.verb == "POST":
            content = changes.pop("content", None)
            if content is None:
                content = json.dumps(changes.pop("body", samples.body_of(operation))).encode()
        path = changes.pop("path", samples.path_of(operation))
        return await self.client.request(operation.verb, path, content=content, headers=headers, **changes)


def allowed(scope: Scope) -> Audience:
    return next(audience for audience, scopes in SCOPES.items() if scope in scopes)


def refused(scope: Scope) -> Audience | None:
    """An audience that may not, if there is one."""
    return next((audience for audience, scopes in SCOPES.items() if scope not in scopes), None)


def problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, which must be that one."""
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"], body["status"]) == (status, code, status), body
    assert body["request_id"] == answer.headers["request-id"]
    return body
