"""What this service is told from outside."""

from pydantic import Field

from services.chassis.settings import ServiceSettings


class LoyaltySettings(ServiceSettings):
    """Settings of the loyalty service."""

    loyalty_listen: str = Field(
        "127.0.0.1:7101", pattern=r"^[^:\s]+:\d{1,5}$", description="host:port to answer gRPC on"
    )
    loyalty_database: str = Field("aftercare_loyalty", description="the service's own database")
    loyalty_sweep_seconds: float = Field(
        5.0, gt=0, description="seconds between looks for accounts that the clock has made due"
    )
    loyalty_local_tenant: str = Field(
        "demo", description="the tenant that gets a first programme, in local mode only"
    )
    loyalty_local_program: str = Field("club", description="that programme's id")
