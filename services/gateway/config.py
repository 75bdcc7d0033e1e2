"""What the gateway is told from outside."""

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, Json, SecretStr, field_validator, model_validator

from services.chassis.kernel.errors import AftercareError
from services.chassis.settings import ServiceSettings
from services.gateway.domain.credentials import Audience, check_spelling

_ADDRESS = r"^[^:\s]+:\d{1,5}$"
# What the services take as a tenant, and what leaves room for the caller's own part of an idempotency key.
_TENANT = r"^[a-z0-9][a-z0-9-]{0,62}$"
_KEY_NAME = r"^[a-z0-9-]{1,32}$"


def _none() -> Any:  # noqa: ANN401 - defaults are validated, and JSON is what this field takes
    return "{}"


class DevKey(BaseModel):
    """A key for local runs, as `deploy/local` makes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: SecretStr
    audience: Audience
    tenant: str = Field("demo", pattern=_TENANT)

    @field_validator("key")
    @classmethod
    def _spelled_right(cls, key: SecretStr) -> SecretStr:
        try:
            check_spelling(key.get_secret_value())
        except AftercareError as error:
            raise ValueError(error.message) from None  # so that it is said with all the others
        return key


class GatewaySettings(ServiceSettings):
    """Settings of the gateway."""

    gateway_listen: str = Field("127.0.0.1:8080", pattern=_ADDRESS, description="host:port to answer HTTP on")
    gateway_database: str = Field("aftercare_gateway", description="the gateway's own database")
    gateway_key_pepper: SecretStr = Field(
        min_length=16, description="a secret of 16 characters or more under which API keys are hashed"
    )
    gateway_dev_keys: Json[dict[Annotated[str, Field(pattern=_KEY_NAME)], DevKey]] = Field(
        default_factory=_none, description="JSON of development keys by name; refused in live mode"
    )
    loyalty_address: str = Field(pattern=_ADDRESS, description="host:port of the loyalty service")
    returns_address: str = Field(pattern=_ADDRESS, description="host:port of the returns service")
    refunds_address: str = Field(pattern=_ADDRESS, description="host:port of the refunds service")

    @model_validator(mode="after")
    def _no_development_keys_in_live_mode(self) -> Self:
        if self.aftercare_mode == "live" and self.gateway_dev_keys:
            raise ValueError("GATEWAY_DEV_KEYS is for local and test mode; make live keys instead")
        return self
