"""Structured logs: JSON lines on stderr, coloured text on a terminal, secrets masked in both.

`bind` and `request_id` carry the request's id through a call by contextvars, which follow asyncio tasks,
threads and green threads alike.
"""

import logging
import random
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog

from services.chassis import telemetry

Level = Literal["debug", "info", "warning", "error"]

# What must never be printed, wherever it turns up: in a value, a driver's message or a traceback.
_SECRETS = (
    (re.compile(r"(?<=://)[^/\s:@\"']*:[^/\s\"']*(?=@)"), "***"),  # user:password of a URI
    (re.compile(r"\b(?:sk|rk)_(?:live|test)_\w+|\bwhsec_\w+"), "***"),  # Stripe
    (re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+"), "Bearer ***"),
)
_SECRET_KEYS = frozenset(
    {"password", "secret", "token", "api_key", "authorization", "cookie", "mongodb_uri", "amqp_uri"}
)


def configure(service: str, verb: str, level: Level = "info") -> None:
    """Set up logging for the process, once, before anything is logged.

    `service` and `verb` (serve, work, relay, …) stand on every line. Standard-library loggers (drivers,
    nameko) go the same way, at warning unless `level` is debug.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        _name_process(service, verb),
        _add_trace_id,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _mask_keys,
    ]
    rendering = _rendering()
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    logging.basicConfig(
        handlers=[handler], level=logging.DEBUG if level == "debug" else logging.WARNING, force=True
    )
    for chatty in ("pymongo", "amqp", "asyncio", "urllib3", "kombu"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def bind(**values: str) -> None:
    """Put values on every further line of this call."""
    structlog.contextvars.bind_contextvars(**values)


def request_id() -> str:
    """The id of the request being handled, or "" outside one."""
    found = structlog.contextvars.get_contextvars().get("request_id", "")
    return str(found)


def new_request_id() -> str:
    """A fresh id: 32 hexadecimal digits."""
    # No secret, so it need not cost a system call on each request.
    return f"{random.getrandbits(128):032x}"


def mask(text: str) -> str:
    """The text with everything that looks like a secret replaced."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _rendering() -> list[structlog.typing.Processor]:
    if sys.stderr.isatty():
        return [structlog.dev.ConsoleRenderer(), _mask_line]
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(ensure_ascii=False),
        _mask_line,
    ]


def _name_process(service: str, verb: str) -> structlog.typing.Processor:
    def add(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = service
        event["verb"] = verb
        return event

    return add


def _add_trace_id(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if trace_id := telemetry.current_trace_id():
        event["trace_id"] = trace_id
    return event


def _mask_keys(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in _SECRET_KEYS & event.keys():
        event[key] = "***"
    return event


def _mask_line(_logger: object, _method: str, line: Any) -> str:  # noqa: ANN401 - the renderer's result
    return mask(str(line))
