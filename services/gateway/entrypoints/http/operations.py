"""A route that is one RPC: declared in a line, served by one function."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.chassis.grpc.validation import is_mutation
from services.chassis.kernel.errors import AftercareError, FieldViolation
from services.gateway.domain.credentials import Scope
from services.gateway.entrypoints.http.bodies import read_body, read_parameters
from services.gateway.entrypoints.http.schema import (
    ANSWER_NAMES,
    SHOWN,
    answer_model,
    parameter_model,
    request_model,
)
from services.gateway.entrypoints.http.security import require
from services.gateway.entrypoints.http.upstreams import request_class
from services.gateway.entrypoints.translate import fill, to_json

_PARAMETER = re.compile(r"{(\w+)}")
_PROTO_NAMES = {shown: proto for proto, shown in SHOWN.items()}

Present = Callable[[Any], Response]


def as_json(answer: Message) -> Response:
    """The answer message as JSON; lists answer `next_cursor`, replays carry a header."""
    body = to_json(answer)
    headers = {"Idempotent-Replayed": "true"} if body.pop("replayed", False) else {}
    for name, shown in ANSWER_NAMES.items():
        if name in body:
            body[shown] = body.pop(name)
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
    answered: type[BaseModel] | None = None

    @property
    def path_fields(self) -> tuple[str, ...]:
        """Fields of the request that the path names."""
        return tuple(_PARAMETER.findall(self.path))

    @property
    def operation_id(self) -> str:
        """The RPC's name; the label's routes are one RPC, told apart by what is fixed."""
        return self.method.name + "".join(str(value) for value in self.fixed.values())

    @property
    def is_mutation(self) -> bool:
        """Whether it needs an Idempotency-Key; the services decide by the same rule."""
        return is_mutation(self.method.name)

    def body_model(self) -> type[BaseModel]:
        """The model of the JSON body."""
        message: Any = self.method.input_type
        if self.body_field:
            return request_model(message.fields_by_name[self.body_field].message_type)
        return request_model(message, (*self.path_fields, *self.fixed))

    def answer_model(self) -> type[BaseModel]:
        """The model of the answer; `answered` when it is composed of more than the RPC's own."""
        message: Any = self.method.output_type
        return self.answered or answer_model(message)

    def parameter_model(self) -> type[BaseModel]:
        """The model of path and query together."""
        message: Any = self.method.input_type
        return parameter_model(message, (*self.path_fields, *self.query), f"{self.operation_id}Parameters")

    def endpoint(self) -> Callable[[Request], Awaitable[Response]]:
        """The function that serves it."""
        model = self.body_model() if self.verb == "POST" else None
        parameters = self.parameter_model()
        new_request, mutation = request_class(self.method), self.is_mutation
        fixed = dict(self.fixed)

        async def serve(request: Request) -> Response:
            caller = await require(request, self.scope, mutation=mutation)
            values = read_parameters(
                parameters, request.path_params.items(), request.query_params.multi_items()
            )
            message = new_request()
            fill(message, fixed | {_PROTO_NAMES.get(name, name): value for name, value in values.items()})
            if model is not None:
                data = await read_body(request, model)
                fill(message, {self.body_field: data} if self.body_field else data)
            try:
                answer = await request.app.state.upstreams.call(self.method, message, caller.context)
            except AftercareError as error:
                error.violations = tuple(map(self._as_sent, error.violations))
                raise
            return self.present(answer)

        serve.__name__ = serve.__qualname__ = self.operation_id
        return serve

    def _as_sent(self, violation: FieldViolation) -> FieldViolation:
        """A service names fields of its own request; the caller sent `body_field` as the whole body."""
        path = violation.field.removeprefix(f"{self.body_field}.") if self.body_field else violation.field
        return FieldViolation(SHOWN.get(path, path), violation.description)
