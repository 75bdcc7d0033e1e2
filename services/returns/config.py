"""What this service is told from outside."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, Json, SecretStr, model_validator

from services.chassis.settings import ServiceSettings

_LOCAL_QUOTE_SECRET = "signs quotes on one machine only"  # noqa: S105 - refused in live mode below


class DepotSettings(BaseModel):
    """Where parcels go back to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = "Returns desk"
    street: str = "ul. Magazynowa 1"
    postal_code: str = "02-652"
    city: str = "Warszawa"
    country: str = "PL"
    phone: str = "+48221234567"
    email: str = ""


class ReturnsSettings(ServiceSettings):
    """Settings of the returns service."""

    returns_listen: str = Field(
        "127.0.0.1:7102", pattern=r"^[^:\s]+:\d{1,5}$", description="host:port to answer gRPC on"
    )
    returns_database: str = Field("aftercare_returns", description="the service's own database")
    returns_window_days: int = Field(
        30, ge=0, le=3650, description="days after delivery in which goods can go back"
    )
    returns_quote_secrets: SecretStr = Field(
        SecretStr(_LOCAL_QUOTE_SECRET),
        min_length=16,
        description="a secret that signs quotes; several, separated by commas, while one is rolled",
    )
    returns_label_fees: Json[dict[str, int]] = Field(
        default_factory=dict,
        validate_default=False,
        description='JSON of what a label costs the customer in minor units, as {"PLN": 999}; none is free',
    )
    returns_depot: Json[DepotSettings] = Field(
        default_factory=DepotSettings,
        validate_default=False,
        description="JSON of the address parcels go back to",
    )
    courier_base_url: str = Field(pattern="^https?://", description="where the courier's API answers")
    courier_api_key: SecretStr = Field(description="our key at the courier")
    courier_webhook_secret: SecretStr = Field(
        description="the secret that signs the courier's webhooks; several, separated by commas"
    )

    @model_validator(mode="after")
    def _own_secret_in_live_mode(self) -> Self:
        if self.aftercare_mode == "live" and _LOCAL_QUOTE_SECRET in self.quote_secrets:
            raise ValueError("RETURNS_QUOTE_SECRETS is missing: live mode needs a secret of your own")
        return self

    @property
    def quote_secrets(self) -> list[str]:
        """The quote secrets; the first signs."""
        return _split(self.returns_quote_secrets)

    @property
    def webhook_secrets(self) -> list[str]:
        """The webhook secrets; any of them verifies."""
        return _split(self.courier_webhook_secret)


def _split(secrets: SecretStr) -> list[str]:
    return [each.strip() for each in secrets.get_secret_value().split(",") if each.strip()]
