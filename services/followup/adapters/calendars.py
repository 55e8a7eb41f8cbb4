"""Calendars by content: a version is the hash of what is written, so that clocks count in what was in force."""

import hashlib
from datetime import date, time
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from services.followup.domain.policies.clock_rules import PinnedCalendar
from shared.contracts.followup_clocks import CalendarPublished, WorkingDay
from shared.kernel.worktime import Calendar
from shared.runtime.policy_files import WEEKDAYS, CalendarFile, calendar_of, read_policy

DIGITS = 16


def pinned(policy_dir: Path, path: str) -> PinnedCalendar:
    """Read a calendar of the policy directory; its name is its path without the ending.

    Raises MalformedInput as `read_policy` does.
    """
    calendar = calendar_of(read_policy(policy_dir / path, CalendarFile))
    name = path.removesuffix(".yaml").removeprefix("calendars/")
    return PinnedCalendar(name, published(name, calendar).version, calendar)


def published(name: str, calendar: Calendar) -> CalendarPublished:
    """Give the fact that pins a calendar's content; the same content always has the same version and stream."""
    hours = tuple(
        WorkingDay(day=day, periods=tuple(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in periods))
        for day, periods in zip(WEEKDAYS, calendar.hours, strict=True)
        if periods
    )
    holidays = tuple(sorted(day.isoformat() for day in calendar.holidays))
    content = repr((calendar.zone, [(day.day, day.periods) for day in hours], holidays))
    version = hashlib.sha256(content.encode()).hexdigest()[:DIGITS]
    return CalendarPublished(
        calendar_id=uuid5(NAMESPACE_URL, f"calendar/{version}"),
        calendar=name,
        version=version,
        zone=calendar.zone,
        hours=hours,
        holidays=holidays,
    )


def calendar_from(fact: CalendarPublished) -> Calendar:
    """Give the calendar that a fact pinned."""
    by_day = {day.day: tuple(_period(period) for period in day.periods) for day in fact.hours}
    return Calendar(
        fact.zone,
        tuple(by_day.get(day, ()) for day in WEEKDAYS),
        frozenset(date.fromisoformat(day) for day in fact.holidays),
    )


def _period(written: str) -> tuple[time, time]:
    begin, _, end = written.partition("-")
    return time.fromisoformat(begin), time.fromisoformat(end)
