"""Where Kurier drives: countries, postal codes, zones, prices and the days it works."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from deploy.standins.courier.company.faults import NotServedFault, field_fault


@dataclass(frozen=True, slots=True)
class Area:
    """One country of the network."""

    country: str
    zone: ZoneInfo
    zip_format: re.Pattern[str]
    unserved: tuple[str, ...]
    currency: str
    visit_price: Decimal
    extra_piece_price: Decimal


AREAS: Final = {
    area.country: area
    for area in (
        Area(
            country="PL",
            zone=ZoneInfo("Europe/Warsaw"),
            zip_format=re.compile(r"\d{2}-\d{3}"),
            unserved=("99",),
            currency="PLN",
            visit_price=Decimal("9.99"),
            extra_piece_price=Decimal("3.00"),
        ),
        Area(
            country="DE",
            zone=ZoneInfo("Europe/Berlin"),
            zip_format=re.compile(r"\d{5}"),
            unserved=("27498",),  # Heligoland: no cars
            currency="EUR",
            visit_price=Decimal("4.99"),
            extra_piece_price=Decimal("1.50"),
        ),
        Area(
            country="CZ",
            zone=ZoneInfo("Europe/Prague"),
            zip_format=re.compile(r"\d{3} \d{2}"),
            unserved=(),
            currency="CZK",
            visit_price=Decimal("119.00"),
            extra_piece_price=Decimal("35.00"),
        ),
    )
}


def area_of(country: str, zip_code: str, *, path: str = "zip") -> Area:
    """The area of a postal code; a country we do not drive in, or a remote zip, is a fault."""
    area = AREAS.get(country)
    if area is None:
        raise NotServedFault(f"Kurier does not drive in {country}")
    if not area.zip_format.fullmatch(zip_code):
        raise field_fault(path, "format")
    if zip_code.startswith(area.unserved):
        raise NotServedFault(f"{country} {zip_code} is not served")
    return area


_FIXED_HOLIDAYS: Final = {
    "PL": ((1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 24), (12, 25), (12, 26)),
    "DE": ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)),
    "CZ": (
        *((1, 1), (5, 1), (5, 8), (7, 5), (7, 6), (9, 28)),
        *((10, 28), (11, 17), (12, 24), (12, 25), (12, 26)),
    ),
}
# Days after Easter Sunday: Good Friday, Easter Monday, Ascension, Whit Monday, Corpus Christi.
_MOVABLE_HOLIDAYS: Final = {"PL": (1, 60), "DE": (-2, 1, 39, 50), "CZ": (-2, 1)}


def is_working_day(country: str, day: date) -> bool:
    """Monday to Friday without the country's public holidays."""
    if day.weekday() >= 5 or (day.month, day.day) in _FIXED_HOLIDAYS[country]:
        return False
    return (day - _easter(day.year)).days not in _MOVABLE_HOLIDAYS[country]


def next_working_day(country: str, day: date) -> date:
    """The first working day after `day`."""
    day += timedelta(days=1)
    while not is_working_day(country, day):
        day += timedelta(days=1)
    return day


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Meeus, Jones and Butcher)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    leap = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * leap) // 433
    month = (h + leap - 7 * m + 90) // 25
    return date(year, month, (h + leap - 7 * m + 33 * month + 19) % 32)
