"""A loyalty programme: the rules of one shop, as data."""

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.chassis.kernel.money import exponent
from services.loyalty.domain import errors
from services.loyalty.domain.basket_points import EarnRule, Rounding


class ClawbackPolicy(StrEnum):
    """What becomes of points to take back that are already spent (rule R2)."""

    ALLOW_NEGATIVE = "ALLOW_NEGATIVE"
    WITHIN_BALANCE = "WITHIN_BALANCE"  # CLAMP: the rest is written off
    ONLY_PENDING = "ONLY_PENDING"
    RECOVER_FROM_REFUND = "RECOVER_FROM_REFUND"


@dataclass(frozen=True)
class Program:
    """A programme. `earn` is the rule that each order keeps a copy of; 0 `expiry_months` means never."""

    tenant_id: str
    program_id: str
    display_name: str
    timezone: str
    currency: str
    earn: EarnRule
    clawback_policy: ClawbackPolicy
    return_window_days: int
    expiry_months: int
    points_per_major_unit: int
    restore_grace_days: int
    version: int = 1

    @cached_property
    def zone(self) -> ZoneInfo:
        """Where its days begin and end."""
        return ZoneInfo(self.timezone)

    @cached_property
    def minor_per_major(self) -> int:
        """100 for most currencies."""
        return int(10 ** exponent(self.currency))

    def worth(self, points: int) -> int:
        """The money value of points in minor units, cut to whole ones."""
        return points * self.minor_per_major // self.points_per_major_unit


def checked(program: Program) -> Program:
    """The programme, ready to be stored. Raises INVALID_TIMEZONE or INVALID_CURRENCY."""
    exponent(program.currency)
    try:
        ZoneInfo(program.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise errors.invalid_timezone(program.timezone) from error
    return replace(program, version=1)


def local_club(tenant_id: str, program_id: str) -> Program:
    """The programme that the local stack starts with."""
    return Program(
        tenant_id=tenant_id,
        program_id=program_id,
        display_name="Club",
        timezone="Europe/Warsaw",
        currency="PLN",
        earn=EarnRule(rate_num=1, rate_den=100, rounding=Rounding.FLOOR),
        clawback_policy=ClawbackPolicy.ALLOW_NEGATIVE,
        return_window_days=14,
        expiry_months=12,
        points_per_major_unit=100,
        restore_grace_days=30,
    )
