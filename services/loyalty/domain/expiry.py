"""When points expire: whole local days in the programme's zone (rule R7)."""

import calendar
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Expiry(NamedTuple):
    """The last local day on which points are valid, and the instant from which they are not."""

    last_valid_date: date
    expires_at: datetime


def after_months(start: datetime, months: int, zone: ZoneInfo) -> Expiry:
    """Months after the local day of `start`; the day is clamped to the month's last one."""
    day = start.astimezone(zone).date()
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = min(day.day, calendar.monthrange(years, month + 1)[1])
    return end_of_day(date(years, month + 1, last), zone)


def after_days(start: datetime, days: int, zone: ZoneInfo) -> Expiry:
    """Days after the local day of `start`; 0 means to the end of that day."""
    return end_of_day(start.astimezone(zone).date() + timedelta(days=days), zone)


def end_of_day(day: date, zone: ZoneInfo) -> Expiry:
    """Valid through that local day: until the first instant of the next one, however long the day is."""
    # A midnight that the zone skips reads as the instant of the change, which is when the new day begins.
    midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    return Expiry(day, midnight.astimezone(UTC))


def days_later(instant: datetime, days: int, zone: ZoneInfo) -> datetime:
    """The same local time of day, so many local days later."""
    return (instant.astimezone(zone) + timedelta(days=days)).astimezone(UTC)
