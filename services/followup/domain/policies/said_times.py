"""When what was said falls due: lengths of time, days of the week and dates, counted from when it was said."""

from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.followup.domain.policies.clock_time import due_of
from shared.contracts.followup_clocks import TimeTarget, Unit
from shared.kernel.worktime import Calendar

DAY = timedelta(days=1)


class SaidTime(NamedTuple):
    """A length (`amount` and `unit`), a day from today, a weekday (0 is Monday) or a date; `time` is HH:MM or close.

    `before` means that the day itself is too late.
    """

    amount: int | None = None
    unit: Unit | None = None
    days: int | None = None
    weekday: int | None = None
    month: int | None = None
    date: int | None = None
    time: str | None = None
    before: bool = False


def due_at(said: SaidTime, said_at: datetime, calendar: Calendar) -> datetime:
    """Give when it falls due: a length at its end, a day when work closes on it unless a time was said."""
    if said.amount is not None and said.unit is not None:
        if said.amount == 0:
            return said_at
        return due_of(said_at, TimeTarget(amount=said.amount, unit=said.unit, ends="close_of_work"), calendar)
    today = calendar.local_date(said_at)
    day = _day(said, today)
    if said.before and day > today + DAY:
        day -= DAY
    due = _at(day, said.time, calendar)
    if due <= said_at and said.time is not None and day == today:
        return calendar.midnight_after(today)
    return due if due > said_at else calendar.midnight_after(day)


def _day(said: SaidTime, today: date) -> date:
    if said.days is not None:
        return today + said.days * DAY
    if said.weekday is not None:
        return today + ((said.weekday - today.weekday() - 1) % 7 + 1) * DAY
    assert said.month is not None
    assert said.date is not None
    for year in range(today.year, today.year + 9):
        try:
            day = date(year, said.month, said.date)
        except ValueError:
            continue
        if day >= today:
            return day
    return today


def _at(day: date, time_said: str | None, calendar: Calendar) -> datetime:
    if time_said is None or time_said == "close":
        spans = calendar.spans_of(day)
        return spans[-1][1] if spans else calendar.midnight_after(day)
    if time_said == "00:00":
        return calendar.midnight_after(day)
    return datetime.combine(day, time.fromisoformat(time_said), ZoneInfo(calendar.zone)).astimezone(UTC)
