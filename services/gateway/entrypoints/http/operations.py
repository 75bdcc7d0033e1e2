"""A route that is one RPC: declared in a line, served by one function."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor
from google.protobuf.message import Message
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.chassis.kernel.errors import FieldViolation
from services.gateway.adapters.upstreams.channels import request_class
from services.gateway.adapters.upstreams.translate import fill, to_json
from services.gateway.domain.credentials import Scope
from services.gateway.domain.errors import bad_request, body_too_large
from services.gateway.entrypoints.http.schema import request_model
from services.gateway.entrypoints.http.security import require

MAX_BODY = 1024 * 1024
_PARAMETER = re.compile(r"{(\w+)}")

# JSON names of list parameters against the protos' names.
QUERY = {"limit": "page_size", "cursor": "page_token"}

Present = Callable[[Any], Response]


def as_json(answer: Message) -> Response:
    """The answer message as JSON; lists answer `next_cursor`, replays carry a header."""
    body = to_json(answer)
    headers = {"Idempotent-Replayed": "true"} if body.pop("replayed", False) else {}
    if "next_page_token" in body:
        body["next_cursor"] = body.pop("next_page_token")
    if "version" in body:
        headers["ETag"] = f'"{body["version"]}"'
    return JSONResponse(body, headers=headers)


@dataclass(frozen=True)
class Operation:
    """An HTTP route that is one RPC of one service.

    Path parameters are fields of the request message. A POST takes the rest of the message as JSON body
    (or, with `body_field`, that field's message); a GET takes `query` fields from the query string.
    """

    verb: str
    path: str
    method: MethodDescriptor
    scope: Scope
    summary: str
    tag: str
    body_field: str = ""
    query: tuple[str, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)
    present: Present = as_json

    @property
    def path_fields(self) -> tuple[str, ...]:
        """Fields of the request that the path names."""
        return tuple(_PARAMETER.findall(self.path))

    @property
    def is_mutation(self) -> bool:
        """Whether it needs an Idempotency-Key."""
        return self.verb != "GET" and not self.method.name.startswith(("Quote", "Simulate", "List", "Lookup"))

    def body_model(self) -> Any:  # noqa: ANN401 - a pydantic model class
        """The model of the JSON body."""
        message: Any = self.method.input_type
        if self.body_field:
            return request_model(message.fields_by_name[self.body_field].message_type)
        return request_model(message, (*self.path_fields, *self.fixed))

    def endpoint(self) -> Callable[[Request], Awaitable[Response]]:
        """The function that serves it."""
        model = self.body_model() if self.verb == "POST" else None

        async def serve(request: Request) -> Response:
            caller = await require(request, self.scope, mutation=self.is_mutation)
            message = request_class(self.method)()
            fill(message, {**self.fixed, **_path_values(self, request)})
            if model is not None:
                data = await read_body(request, model)
                fill(message, {self.body_field: data} if self.body_field else data)
            else:
                fill(message, _query_values(self, request))
            answer = await request.app.state.upstreams.call(self.method, message, caller.context)
            return self.present(answer)

        serve.__name__ = serve.__qualname__ = self.method.name
        return serve


async def read_body(request: Request, model: Any) -> dict[str, Any]:  # noqa: ANN401 - a pydantic model class
    """The validated JSON body as plain values. Raises INVALID_REQUEST with a pointer per wrong field."""
    content = await read_bytes(request)
    try:
        parsed = model.model_validate_json(content or b"{}")
    except ValidationError as error:
        raise bad_request(
            "INVALID_REQUEST",
            "the body does not fit; see `errors`",
            *(
                FieldViolation(".".join(str(part) for part in one["loc"]), one["msg"])
                for one in error.errors(include_url=False, include_context=False, include_input=False)[:20]
            ),
        ) from error
    values: dict[str, Any] = parsed.model_dump(exclude_unset=True)
    return values


async def read_bytes(request: Request) -> bytes:
    """The raw body, at most 1 MiB. Raises BODY_TOO_LARGE."""
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY:
            raise body_too_large(MAX_BODY)
        chunks.append(chunk)
    return b"".join(chunks)


def _path_values(operation: Operation, request: Request) -> dict[str, Any]:
    return {name: request.path_params[name] for name in operation.path_fields}


def _query_values(operation: Operation, request: Request) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in request.query_params.items():
        proto_name = QUERY.get(name, name)
        if proto_name not in operation.query:
            raise bad_request(
                "BAD_PARAMETER", f"there is no parameter {name!r} here", FieldViolation(name, "unknown")
            )
        kind = operation.method.input_type.fields_by_name[proto_name]
        values[proto_name] = _number(name, text) if kind.cpp_type == FieldDescriptor.CPPTYPE_INT32 else text
    return values


def _number(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= 100:
        raise bad_request(
            "BAD_PARAMETER", f"{name} is a number from 1 to 100", FieldViolation(name, "1 to 100")
        )
    return int(text)
