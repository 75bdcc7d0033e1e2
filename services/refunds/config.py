"""What this service is told from outside."""

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from services.chassis.settings import ServiceSettings


class RefundsSettings(ServiceSettings):
    """Settings of the refunds service, the only process that holds Stripe's key."""

    refunds_listen: str = Field(
        "127.0.0.1:7103", pattern=r"^[^:\s]+:\d{1,5}$", description="host:port to answer gRPC on"
    )
    refunds_database: str = Field("aftercare_refunds", description="the service's own database")
    stripe_api_key: SecretStr = Field(description="Stripe's secret or restricted key, as sk_test_…")
    stripe_api_base: str | None = Field(
        None, pattern="^https?://", description="where Stripe's stand-in answers; unset for Stripe itself"
    )
    stripe_webhook_secret: SecretStr = Field(
        description="the webhook's signing secret, whsec_…; several, separated by commas, while one is rolled"
    )
    stripe_account: str = Field(
        "default",
        min_length=1,
        description="a name for the Stripe account, part of every idempotency key: never change it while "
        "refunds are under way",
    )
    refunds_allow_live: bool = Field(default=False, description="true to let a live key move real money")
    refund_crash_at: str = Field("", description="a crash point, in test and local mode only")

    @field_validator("stripe_api_key")
    @classmethod
    def _a_secret_key(cls, key: SecretStr) -> SecretStr:
        if not key.get_secret_value().startswith(("sk_test_", "rk_test_", "sk_live_", "rk_live_")):
            raise ValueError("must start with sk_test_, rk_test_, sk_live_ or rk_live_")
        return key

    @field_validator("stripe_webhook_secret")
    @classmethod
    def _signing_secrets(cls, secrets: SecretStr) -> SecretStr:
        if not all(each.startswith("whsec_") for each in _split(secrets)) or not _split(secrets):
            raise ValueError("each must start with whsec_")
        return secrets

    @model_validator(mode="after")
    def _live_only_on_purpose(self) -> Self:
        if not self.livemode:
            return self
        if not self.refunds_allow_live:
            raise ValueError(
                "STRIPE_API_KEY is a live key, which moves real money: "
                "set REFUNDS_ALLOW_LIVE=true if you mean it"
            )
        if self.stripe_api_base is not None:
            raise ValueError(
                "STRIPE_API_BASE must not be set with a live key: it would be sent to a stand-in"
            )
        return self

    @model_validator(mode="after")
    def _no_stand_in_in_live_mode(self) -> Self:
        if self.aftercare_mode == "live" and self.stripe_api_base is not None:
            raise ValueError("STRIPE_API_BASE is for local and test mode")
        return self

    @property
    def livemode(self) -> bool:
        """Whether the key moves real money."""
        return "_live_" in self.stripe_api_key.get_secret_value()[:8]

    @property
    def webhook_secrets(self) -> list[str]:
        """The signing secrets, newest first as given."""
        return _split(self.stripe_webhook_secret)


def _split(secrets: SecretStr) -> list[str]:
    return [each.strip() for each in secrets.get_secret_value().split(",") if each.strip()]
