"""Terms: the windows in which a driver can come (10-13, 12-15, 14-17 local time)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from deploy.standins.courier.company.faults import field_fault
from deploy.standins.courier.company.network import (
    AREAS,
    Area,
    area_of,
    is_working_day,
    next_working_day,
)

if TYPE_CHECKING:
    from decimal import Decimal

_WINDOWS: Final = ((10, 13), (12, 15), (14, 17))
_ORDER_BY_HOUR: Final = 18
"""A term is ordered until 18:00 of the calendar day before."""
_MAX_LOOKAHEAD_DAYS: Final = 60
_TERM_ID: Final = re.compile(r"([A-Z]{2})\.([0-9-]{5,6})\.(\d{8})\.(\d{2})(\d{2})")


@dataclass(frozen=True, slots=True)
class Term:
    """One window at one postal code. Its id says all, so offers need not be remembered."""

    country: str
    zip_code: str
    day: date
    from_hour: int
    till_hour: int

    @property
    def id(self) -> str:
        zip_code = self.zip_code.replace(" ", "")
        hours = f"{self.from_hour:02}{self.till_hour:02}"
        return f"{self.country}.{zip_code}.{self.day:%Y%m%d}.{hours}"

    @property
    def area(self) -> Area:
        return AREAS[self.country]

    @property
    def start(self) -> datetime:
        return self._local(self.day, self.from_hour)

    @property
    def end(self) -> datetime:
        return self._local(self.day, self.till_hour)

    @property
    def order_by(self) -> datetime:
        return self._local(self.day - timedelta(days=1), _ORDER_BY_HOUR)

    def next_visit(self) -> Term:
        """The same hours on the next working day: when the driver tries again."""
        day = next_working_day(self.country, self.day)
        return Term(self.country, self.zip_code, day, self.from_hour, self.till_hour)

    def fee(self, pieces: int) -> Decimal:
        """The price of the visit, taxes included."""
        return self.area.visit_price + self.area.extra_piece_price * (pieces - 1)

    def _local(self, day: date, hour: int) -> datetime:
        return datetime.combine(day, time(hour), tzinfo=self.area.zone).astimezone(UTC)

    def rendered(self, pieces: int) -> dict[str, Any]:
        """As Kurier writes it: local times and the name of the zone."""
        return {
            "termId": self.id,
            "day": self.day.isoformat(),
            "from": f"{self.from_hour:02}:00",
            "till": f"{self.till_hour:02}:00",
            "zone": self.area.zone.key,
            "fee": rendered_fee(self.area, self.fee(pieces)),
            "orderBy": f"{self.day - timedelta(days=1)}T{_ORDER_BY_HOUR:02}:00:00",
        }


def rendered_fee(area: Area, amount: Decimal) -> dict[str, str]:
    """Money as Kurier writes it."""
    return {"gross": f"{amount:.2f}", "ccy": area.currency}


def terms_between(country: str, zip_code: str, first: date, last: date, now: datetime) -> list[Term]:
    """Terms on working days of the range that can still be ordered, in order of start."""
    area_of(country, zip_code)
    if last < first:
        raise field_fault("dayTo", "before dayFrom")
    if (last - first).days > _MAX_LOOKAHEAD_DAYS:
        raise field_fault("dayTo", f"at most {_MAX_LOOKAHEAD_DAYS} days at once")
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        term
        for day in days
        if is_working_day(country, day)
        for term in (Term(country, zip_code, day, *hours) for hours in _WINDOWS)
        if term.order_by > now
    ]


def term_of_id(term_id: str, *, country: str, zip_code: str) -> Term:
    """Read a term id back; it must be one that we could have offered at this place."""
    match = _TERM_ID.fullmatch(term_id)
    if match is None:
        raise field_fault("termId", "unknown")
    try:
        day = datetime.strptime(match[3], "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise field_fault("termId", "unknown") from None
    term = Term(country, zip_code, day, int(match[4]), int(match[5]))
    hours = (term.from_hour, term.till_hour)
    if hours not in _WINDOWS or not is_working_day(country, day):
        raise field_fault("termId", "unknown")
    if term.id != term_id:
        raise field_fault("termId", "for another address")
    return term
