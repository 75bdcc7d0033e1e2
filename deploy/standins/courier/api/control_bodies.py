"""Bodies of the controls; a wrong one is answered 400 with every problem named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from deploy.standins.courier.company.scripts import ENDINGS

if TYPE_CHECKING:
    from datetime import datetime

_Code = Annotated[str, StringConstraints(pattern=r"^K\d{2}$")]


class ControlBody(BaseModel):
    """Strict: a control that half understands its order makes a test lie."""

    model_config = ConfigDict(extra="forbid")


class Advance(ControlBody):
    """Move the clock; with `wait`, answer only when every notice is delivered or given up."""

    secs: Annotated[int, Field(ge=0, le=366 * 86_400, strict=True)]
    wait: bool = False


class ScanAtWill(ControlBody):
    """One scan of one waybill, now or at a time of your choice; `stray` allows unknown waybills."""

    tracking_no: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    code: _Code
    cause: Annotated[str, StringConstraints(pattern=r"^(N\d)?$")] = ""
    place: Annotated[str, StringConstraints(max_length=40)] = ""
    occurred_at: AwareDatetime | None = None
    stray: bool = False
    wait: bool = False

    def moment(self, now: datetime) -> datetime:
        return (self.occurred_at or now).replace(microsecond=0)


class Deliver(ControlBody):
    """From now on: extra copies of every notice, and a seeded disorder of every batch."""

    duplicate: Annotated[int, Field(ge=0, le=10, strict=True)] = 0
    shuffle: Annotated[int, Field(strict=True)] | None = None


class Hold(ControlBody):
    """Keep notices back until `flush`."""

    on: Annotated[bool, Field(strict=True)]


class Flush(ControlBody):
    """Let them go as one batch."""

    wait: bool = False


class Redeliver(ControlBody):
    """One notice by id, or the last so many."""

    notice_id: str | None = None
    last: Annotated[int, Field(ge=1, le=1000, strict=True)] | None = None
    wait: bool = False

    @model_validator(mode="after")
    def one_of_them(self) -> Self:
        if (self.notice_id is None) == (self.last is None):
            raise ValueError("give notice_id or last, not both")
        return self


class ScriptNext(ControlBody):
    """Endings for the next new bookings, where the client's references cannot carry them."""

    endings: str
    bookings: Annotated[int, Field(ge=1, le=100, strict=True)] = 1

    @field_validator("endings")
    @classmethod
    def known(cls, endings: str) -> str:
        if not set(endings.split("-")) <= set(ENDINGS):
            raise ValueError(f"join one or more of {', '.join(ENDINGS)} with hyphens")
        return endings


class Nothing(ControlBody):
    """No fields."""
