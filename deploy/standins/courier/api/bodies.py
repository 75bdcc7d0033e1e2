"""What clients send, as Kurier spells it; anything else is refused field by field."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic.alias_generators import to_camel

from deploy.standins.courier.company.faults import Fault

if TYPE_CHECKING:
    from aiohttp import web

Reference = Annotated[str, StringConstraints(min_length=3, max_length=64, pattern=r"^[\w./:-]+$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True)]
Centimetres = Annotated[Decimal, Field(gt=0, max_digits=6, decimal_places=1)]


class Body(BaseModel):
    """camelCase on the wire, nothing unknown, nothing converted but decimal texts."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Party(Body):
    """Shipper or consignee."""

    name: Line
    firm: Annotated[str, StringConstraints(max_length=80)] = ""
    line1: Line
    zip: Annotated[str, StringConstraints(min_length=3, max_length=10)]
    town: Line
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    phone: Annotated[str, StringConstraints(max_length=30)] = ""
    mail: Annotated[str, StringConstraints(max_length=254)] = ""


class Size(Body):
    """In centimetres; Kurier takes up to 120 x 80 x 80."""

    length: Annotated[Centimetres, Field(le=120)]
    width: Annotated[Centimetres, Field(le=80)]
    height: Annotated[Centimetres, Field(le=80)]


class Piece(Body):
    """One parcel."""

    kg: Annotated[Decimal, Field(gt=0, le=Decimal("31.5"), decimal_places=3)]
    cm: Size


class NewConsignment(Body):
    """POST /v2/consignments."""

    your_ref: Reference
    product: Literal["ODB-ETYK", "ODB-BEZ", "PUNKT"]
    shipper: Party
    consignee: Party
    pieces: Annotated[tuple[Piece, ...], Field(min_length=1, max_length=10)]


class NewCollection(Body):
    """POST /v2/collections."""

    your_ref: Reference
    consignment_no: Annotated[str, StringConstraints(max_length=20)]
    term_id: Annotated[str, StringConstraints(max_length=40)]
    notes: Annotated[str, StringConstraints(max_length=200)] = ""


class NewTerm(Body):
    """POST /v2/collections/{no}/term."""

    term_id: Annotated[str, StringConstraints(max_length=40)]


AnyBody = TypeVar("AnyBody", bound=BaseModel)


async def read_body(
    request: web.Request, model: type[AnyBody], *, status: int = 422, number: str = "E-4220"
) -> AnyBody:
    """The request's JSON as `model`, or a fault that names every field that is wrong."""
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False)
    # A list with a wrong entry is itself called too short; only the entry is to blame.
    places = [p["loc"] for p in problems]
    problems = [p for p in problems if not any(_is_inside(place, p["loc"]) for place in places)]
    fields = tuple((".".join(map(str, p["loc"])) or "body", p["type"]) for p in problems)
    texts = "; ".join(f"{path}: {p['msg']}" for (path, _), p in zip(fields, problems, strict=True))
    raise Fault(status, number, texts, fields=fields)


def _is_inside(place: tuple[int | str, ...], outer: tuple[int | str, ...]) -> bool:
    return len(place) > len(outer) and place[: len(outer)] == outer
