"""Requests are read once: well-formed, no unknown fields, the proto's rules held, a key on mutations."""

import re
from collections.abc import Callable
from typing import Any

import protovalidate
from google.protobuf.message import DecodeError, Message
from google.protobuf.unknown_fields import UnknownFieldSet

from services.chassis.kernel.errors import AftercareError, FieldViolation, Kind

# Everything else changes something and must carry an idempotency key.
_READ = re.compile(r"(?:Get|List|Simulate|Quote|Lookup|Verify)(?=[A-Z])")


def is_mutation(method: str) -> bool:
    """Whether an RPC (its bare name, such as `EarnPoints`) changes anything; told by its verb."""
    return _READ.match(method) is None


class RequestReader:
    """Reads the requests of one RPC.

    `method` is its bare name, `parse` makes the message of bytes. Raises INVALID_ARGUMENT with one of
    MALFORMED_REQUEST, UNKNOWN_FIELD, INVALID_REQUEST (with violations), MISSING_IDEMPOTENCY_KEY.
    """

    def __init__(self, method: str, parse: Callable[[bytes], Any]) -> None:
        self._parse = parse
        self._needs_key = is_mutation(method)

    def read(self, raw: bytes) -> Any:  # noqa: ANN401 - the RPC's own message type
        """The valid message in `raw`."""
        try:
            message = self._parse(raw)
        except DecodeError as error:
            raise _invalid("MALFORMED_REQUEST", "the request is not a message of this RPC") from error
        # Without its unknown fields a message is as long as what was sent, or it had some, at whatever
        # depth: one comparison where walking the message would cost more than all the rest.
        message.DiscardUnknownFields()
        if message.ByteSize() != len(raw) and (unknown := _unknown_paths(self._parse(raw), "")):
            raise _unknown_fields(unknown)
        if violations := protovalidate.collect_violations(message):
            raise _invalid_request(violations)
        if self._needs_key and not message.ctx.idempotency_key:
            raise _missing_key()
        return message


def _invalid_request(violations: list[protovalidate.Violation]) -> AftercareError:
    found = tuple(
        FieldViolation(_path(each.proto), each.proto.message or each.proto.rule_id) for each in violations
    )
    first = f"{found[0].field}: {found[0].description}"
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return _invalid("INVALID_REQUEST", f"the request breaks its rules: {first}{more}", found)


def _missing_key() -> AftercareError:
    return _invalid(
        "MISSING_IDEMPOTENCY_KEY",
        "a mutation needs ctx.idempotency_key: fresh for each intended change, the same on each retry",
        (FieldViolation("ctx.idempotency_key", "must not be empty"),),
    )


def _unknown_fields(paths: list[str]) -> AftercareError:
    return _invalid(
        "UNKNOWN_FIELD",
        f"the request has fields this version does not know: {', '.join(paths[:5])}",
        tuple(FieldViolation(path, "unknown field number") for path in paths),
    )


def _invalid(reason: str, message: str, violations: tuple[FieldViolation, ...] = ()) -> AftercareError:
    return AftercareError(Kind.INVALID_ARGUMENT, reason, message, violations=violations)


def _unknown_paths(message: Message, prefix: str) -> list[str]:
    unknowns: Any = UnknownFieldSet(message)  # iterable, which its stub forgot
    paths = [f"{prefix}{unknown.field_number}" for unknown in unknowns]
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for key, item in value.items():
                    paths += _unknown_paths(item, f'{prefix}{field.name}["{key}"].')
        elif field.is_repeated:
            for index, item in enumerate(value):
                paths += _unknown_paths(item, f"{prefix}{field.name}[{index}].")
        else:
            paths += _unknown_paths(value, f"{prefix}{field.name}.")
    return paths


def _path(violation: Any) -> str:  # noqa: ANN401 - protovalidate's message types are private
    """A violation's field as a dotted path: `basket.lines[0].quantity`."""
    if violation.field is None:
        return ""
    return ".".join(_step(element) for element in violation.field.elements)


def _step(element: Any) -> str:  # noqa: ANN401 - as above
    if element.subscript is None:
        return str(element.field_name)
    key = element.subscript.value
    return f'{element.field_name}["{key}"]' if isinstance(key, str) else f"{element.field_name}[{key}]"
