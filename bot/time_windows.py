"""Durations and hours of the week, as a policy file spells them, against a moment. Pure.

Whoever says when something begins or ends says the moment itself, never how long it is until then:
a text that changes with every look would be an edit with every tick.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_UNITS = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
DURATION = r"^[1-9][0-9]{0,3}[mhdw]$"
HOURS = r"^([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"


def duration(text: str) -> timedelta:
    """A duration such as `30m`, `2h`, `3d` or `1w`; a ValueError if it is none."""
    if not re.fullmatch(DURATION, text):
        raise ValueError(f'{text!r} is not a duration such as "30m", "2h", "3d" or "1w"')
    return int(text[:-1]) * _UNITS[text[-1]]


def hours(text: str) -> tuple[timedelta, timedelta]:
    """When `09:00-17:00` opens and closes, counted from midnight; a ValueError if it is no such.

    `22:00-06:00` closes on the next day.
    """
    if not re.fullmatch(HOURS, text):
        raise ValueError(f'{text!r} are not hours such as "09:00-17:00"')
    opens, closes = (_since_midnight(clock) for clock in text.split("-"))
    if opens == closes:
        raise ValueError(f"{text!r} ends when it begins; leave it out for the whole day")
    return opens, closes if closes > opens else closes + timedelta(days=1)


def _since_midnight(clock: str) -> timedelta:
    hour, minute = clock.split(":")
    return timedelta(hours=int(hour), minutes=int(minute))


def zone(name: str) -> tzinfo:
    """The time zone of this name; a ValueError if there is none."""
    if name == "UTC":
        return UTC  # is there on machines that have no other
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f'{name!r} is not a time zone such as "Europe/Berlin"') from error


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of some days of the week, by the clocks of one time zone.

    Empty `hours` are the whole day; no `days` are all of them. Hours that end on the next day
    belong to the day on which they begin.
    """

    hours: str
    days: tuple[Day, ...]
    timezone: str

    def __str__(self) -> str:
        days = ", ".join(self.days) or "any day"
        return f"{self.hours} on {days} ({self.timezone})".lstrip()

    def opening(self, now: datetime) -> datetime | None:
        """When it opens next; None while it is open."""
        here = zone(self.timezone)
        today = now.astimezone(here).date()
        for offset in range(-1, 9):  # the night before may still last; a week on, all days are seen
            opens, closes = self._on(today + timedelta(days=offset), here)
            if opens <= now < closes:
                return None
            if now < opens and self._has(today + timedelta(days=offset)):
                return opens
        raise AssertionError("every week has each of its days")

    def _has(self, day: date) -> bool:
        return not self.days or DAYS[day.weekday()] in self.days

    def _on(self, day: date, here: tzinfo) -> tuple[datetime, datetime]:
        """When it opens and closes on this day, in UTC; the same moment where it does not."""
        opens, closes = hours(self.hours) if self.hours else (timedelta(0), timedelta(days=1))
        if not self._has(day):
            closes = opens
        midnight = datetime.combine(day, time(), here)  # adding to it moves the hands of the clock
        return (midnight + opens).astimezone(UTC), (midnight + closes).astimezone(UTC)


def spelled(moment: datetime) -> str:
    """A fixed moment for a person's eye, to the minute."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
