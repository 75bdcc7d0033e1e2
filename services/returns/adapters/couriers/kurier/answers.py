"""Kurier's answers, checked before anything of them is believed."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Answer(BaseModel):
    """camelCase on the wire; fields we do not know are Kurier's right to add."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)


class LocalTime(Answer):
    """A wall-clock time; `summer` tells apart the two same hours of an October night."""

    at: datetime
    zone: str
    summer: bool


class Fee(Answer):
    """Gross, in whole currency units with decimals."""

    gross: Decimal
    ccy: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class SizeLimits(Answer):
    """Centimetres."""

    length: Decimal
    width: Decimal
    height: Decimal


class Limits(Answer):
    """Of one piece."""

    kg: Decimal
    cm: SizeLimits


class Coverage(Answer):
    """GET /v2/coverage."""

    products: tuple[str, ...]
    papers: tuple[str, ...]
    term_lookup: bool
    term_change: bool
    withdraw_minutes_before: int
    limits: Limits
    driver_visits: int


class Term(Answer):
    """A window that can be ordered."""

    term_id: str
    day: date
    from_: Annotated[time, Field(alias="from")]
    till: time
    zone: str
    fee: Fee
    order_by: datetime


class Terms(Answer):
    """GET /v2/terms."""

    terms: Annotated[tuple[Term, ...], Field(max_length=1_000)]


class Consignment(Answer):
    """POST and GET /v2/consignments."""

    consignment_no: str
    product: str
    waybills: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    handover_code: str
    valid_till: LocalTime


class Collection(Answer):
    """POST and GET /v2/collections."""

    collection_no: str
    your_ref: str
    confirmation: str
    phase: str
    day: date
    from_: Annotated[time, Field(alias="from")]
    till: time
    zone: str
    fee: Fee


class Collections(Answer):
    """GET /v2/collections by yourRef."""

    collections: tuple[Collection, ...]


class Withdrawal(Answer):
    """POST /v2/collections/{no}/withdraw."""

    outcome: Literal["WITHDRAWN", "ASKED"]


class Scan(LocalTime):
    """One reading of one waybill."""

    waybill: Annotated[str, Field(min_length=1, max_length=40)]
    code: Annotated[str, Field(min_length=1, max_length=10)]
    cause: str | None = None
    place: str | None = None
    collection_no: str | None = None


class Scans(Answer):
    """GET /v2/track, and the body of a notice."""

    scans: Annotated[tuple[Scan, ...], Field(max_length=10_000)]


class FaultField(Answer):
    """One field that was refused."""

    path: str
    rule: str


class FaultBody(Answer):
    """Why Kurier refused."""

    no: str
    text: str
    fields: tuple[FaultField, ...] = ()


class Refusal(Answer):
    """The body of every answer of 400 and above."""

    fault: FaultBody
