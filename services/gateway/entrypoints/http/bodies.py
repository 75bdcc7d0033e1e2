"""Reading what a request carries: its body and its parameters, with a pointer per wrong field."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from services.chassis.kernel.errors import AftercareError, FieldViolation
from services.gateway.domain.errors import bad_request, body_too_large

MAX_BODY = 1024 * 1024
_MAX_VIOLATIONS = 20
_MAX_POINTER = 200


class _DuplicateKeyError(ValueError):
    """An object says the same key twice; `args[0]` is the key."""


async def read_body(request: Request, model: type[BaseModel]) -> dict[str, Any]:
    """The validated JSON body as plain values. Raises INVALID_REQUEST with a pointer per wrong field."""
    content = await read_bytes(request) or b"{}"
    try:
        parsed = model.model_validate_json(content)
        # Pydantic takes the last of two equal keys; proxies and services in between may take the first.
        json.loads(content, object_pairs_hook=_once)
    except ValidationError as error:
        raise _unfit("INVALID_REQUEST", "the body does not fit; see `errors`", error) from error
    except _DuplicateKeyError as error:
        key = str(error.args[0])
        raise bad_request(
            "INVALID_REQUEST",
            f"the body says {key!r} twice in one object",
            FieldViolation("/" + _escaped(key), "given twice"),
        ) from error
    return parsed.model_dump(exclude_unset=True)


async def read_bytes(request: Request, limit: int = MAX_BODY) -> bytes:
    """The raw body, at most `limit` bytes. Raises BODY_TOO_LARGE."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and len(told) < 20 and int(told) > limit:
        raise body_too_large(limit)
    chunks = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise body_too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def read_parameters(
    model: type[BaseModel], path: Iterable[tuple[str, str]], query: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    """Path and query parameters as plain values. Raises BAD_PARAMETER.

    Whole numbers are read from their digits; a parameter that is unknown or given twice is refused.
    """
    values: dict[str, Any] = dict(path)
    for name, text in query:
        if name in values:
            raise bad_parameter(name, "given twice")
        field = model.model_fields.get(name)
        is_number = field is not None and name == "limit"
        values[name] = (
            int(text) if is_number and text.isascii() and text.isdigit() and len(text) < 7 else text
        )
    try:
        return model.model_validate(values).model_dump(exclude_unset=True)
    except ValidationError as error:
        raise _unfit("BAD_PARAMETER", "a parameter does not fit; see `errors`", error) from error


def bad_parameter(name: str, description: str) -> AftercareError:
    """One parameter or header is wrong: BAD_PARAMETER."""
    return bad_request(
        "BAD_PARAMETER", f"{name[:80]}: {description}", FieldViolation("/" + _escaped(name), description)
    )


def _unfit(reason: str, message: str, error: ValidationError) -> AftercareError:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:_MAX_VIOLATIONS]
    return bad_request(
        reason,
        message,
        *(
            FieldViolation(
                "".join(f"/{_escaped(str(part))}" for part in one["loc"])[:_MAX_POINTER],
                one["msg"].removeprefix("Value error, "),
            )
            for one in found
        ),
    )


def _escaped(step: str) -> str:
    """A step of a JSON pointer (RFC 6901)."""
    return step[:_MAX_POINTER].replace("~", "~0").replace("/", "~1")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        names = [name for name, _ in pairs]
        raise _DuplicateKeyError(next(name for name in names if names.count(name) > 1))
    return result
