"""What every carrier's adapter is given; where it comes from is `services.returns.config`'s matter."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierSettings:
    """One carrier account. Secrets stay out of `repr`, and so out of logs."""

    base_url: str
    api_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    """Any of them verifies: two during a rotation."""
