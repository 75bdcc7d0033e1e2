"""Settings come from the environment, once, at the start; all that is wrong is said at once."""

import sys
from collections.abc import Sequence
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

EX_CONFIG = 78  # sysexits.h: a supervisor need not try again


class ServiceSettings(BaseSettings):
    """What every process of every service is told; a service's `config.py` adds its own.

    A field's environment variable is its name in upper case, an empty variable counts as not set, and a
    structured value is JSON in a `pydantic.Json[…]` field. Give each required field a `description` that
    says what to set: it is what the operator reads.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        # Decoding before validation would stop at the first bad value instead of listing all.
        enable_decoding=False,
        hide_input_in_errors=True,
    )

    aftercare_mode: Literal["local", "test", "live"] = Field(
        "local", description="local, test or live; live allows no stand-ins"
    )
    mongodb_uri: SecretStr = Field(
        description="the MongoDB replica set, as mongodb://host:port/?replicaSet=rs0"
    )
    amqp_uri: SecretStr = Field(description="the RabbitMQ broker, as amqp://user:password@host:port/vhost")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="debug, info, warning or error"
    )
    ops_port: int = Field(
        0, ge=0, le=65535, description="the port for /healthz, /readyz and /metrics; 0 for none"
    )
    otel_exporter_otlp_endpoint: str | None = Field(
        None, pattern="^https?://", description="where traces go, as http://collector:4318; unset for none"
    )

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_lower_case(cls, level: object) -> object:
        return level.lower() if isinstance(level, str) else level

    @field_validator("mongodb_uri")
    @classmethod
    def _of_mongodb(cls, uri: SecretStr) -> SecretStr:
        return _starting(uri, ("mongodb://", "mongodb+srv://"))

    @field_validator("amqp_uri")
    @classmethod
    def _of_a_broker(cls, uri: SecretStr) -> SecretStr:
        return _starting(uri, ("amqp://", "amqps://"))


Settings = TypeVar("Settings", bound=ServiceSettings)


class InvalidSettingsError(Exception):
    """The environment does not make settings; one problem a line, each with its variable and what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


def read(kind: type[Settings]) -> Settings:
    """The settings in the environment. Raises InvalidSettingsError with every problem."""
    try:
        return kind()
    except ValidationError as error:
        # No cause is shown: it says the same in pydantic's words.
        raise InvalidSettingsError([_problem(kind, each) for each in error.errors()]) from None


def load(kind: type[Settings]) -> Settings:
    """The settings in the environment; when they are wrong, prints every problem and exits with 78."""
    try:
        return read(kind)
    except InvalidSettingsError as error:
        count = len(error.problems)
        print(  # noqa: T201 - logging is set up from these very settings
            f"aftercare: {count} setting{'s are' if count > 1 else ' is'} missing or wrong:",
            *(f"  {problem}" for problem in error.problems),
            sep="\n",
            file=sys.stderr,
        )
        raise SystemExit(EX_CONFIG) from None


def _problem(kind: type[ServiceSettings], error: ErrorDetails) -> str:
    if not error["loc"]:
        return error["msg"].removeprefix("Value error, ")
    name, *inside = (str(step) for step in error["loc"])
    field = kind.model_fields.get(name)
    wanted = f"; set it to {field.description}" if field is not None and field.description else ""
    if error["type"] == "missing" and not inside:
        return f"{name.upper()} is missing{wanted or '; set it'}"
    where = f" at {'.'.join(inside)}" if inside else ""
    text = error["msg"].removeprefix("Value error, ")
    return f"{name.upper()} is wrong{where}: {text[:1].lower()}{text[1:]}{wanted}"


def _starting(uri: SecretStr, schemes: tuple[str, ...]) -> SecretStr:
    if not uri.get_secret_value().startswith(schemes):
        raise ValueError(f"must start with {' or '.join(schemes)}")
    return uri
