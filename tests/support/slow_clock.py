"""A clock that looks at every minute: slow, plain, and written without the code that it checks.

It knows nothing of intervals: at each minute it reads the wall clock of the zone, asks whether somebody works, whether
the clock is paused, and whether a new day has begun.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAYS = 900
Week = Sequence[Sequence[tuple[time, time]]]
Pauses = Sequence[tuple[datetime, datetime]]


class SlowCalendar(NamedTuple):
    """Zone, working periods by weekday (Monday first) and holidays."""

    zone: ZoneInfo
    week: Week
    holidays: frozenset[date]

    def date_at(self, instant: datetime) -> date:
        """Give the date on the wall calendar."""
        return instant.astimezone(self.zone).date()

    def workday_at(self, instant: datetime) -> date | None:
        """Give the day whose work is being done at an instant: yesterday's in the small hours of a night shift."""
        wall = instant.astimezone(self.zone)
        for day, begun_yesterday in ((wall.date(), False), (wall.date() - timedelta(days=1), True)):
            if day in self.holidays:
                continue
            for begin, end in self.week[day.weekday()]:
                over_midnight = end <= begin
                if begun_yesterday and over_midnight and wall.time() < end:
                    return day
                if not begun_yesterday and begin <= wall.time() and (over_midnight or wall.time() < end):
                    return day
        return None

    def is_workday(self, day: date) -> bool:
        """Tell whether anybody starts work on a date."""
        return bool(self.week[day.weekday()]) and day not in self.holidays


def slow_due(
    start: datetime, amount: float, unit: str, ends: str, rolls: bool, calendar: SlowCalendar, pauses: Pauses
) -> datetime:
    """Give when the limit runs out, by walking from minute to minute."""
    if unit in ("minutes", "hours", "working_hours"):
        return _count_minutes(start, amount * (1 if unit == "minutes" else 60), unit, calendar, pauses)
    if unit == "months":
        return _end_of_months(start, round(amount), ends, rolls, calendar, pauses)
    return _count_days(start, round(amount * (7 if unit == "weeks" else 1)), unit, ends, rolls, calendar, pauses)


def slow_running(start: datetime, end: datetime, calendar: SlowCalendar, pauses: Pauses) -> dict[str, int]:
    """Count the minutes that are paused, closed and running."""
    counted = {"paused": 0, "closed": 0, "running": 0}
    for minute in _minutes(start):
        if minute >= end:
            return counted
        if _is_paused(minute, pauses):
            counted["paused"] += 1
        else:
            counted["closed" if calendar.workday_at(minute) is None else "running"] += 1
    raise AssertionError


def _count_minutes(start: datetime, left: float, unit: str, calendar: SlowCalendar, pauses: Pauses) -> datetime:
    for minute in _minutes(start):
        counts = unit != "working_hours" or calendar.workday_at(minute) is not None
        if counts and not _is_paused(minute, pauses):
            if left <= 1:
                return minute + left * MINUTE
            left -= 1
    raise AssertionError


def _count_days(
    start: datetime, left: int, unit: str, ends: str, rolls: bool, calendar: SlowCalendar, pauses: Pauses
) -> datetime:
    last, today = calendar.date_at(start), calendar.date_at(start)
    closes: dict[date, datetime] = {}
    for minute in _minutes(start - 1440 * MINUTE):
        if (worked := calendar.workday_at(minute)) is not None:
            closes[worked] = minute + MINUTE
        day = calendar.date_at(minute)
        if day <= last:
            continue
        # Only when everything of a day has been seen, its night shift too, is it judged.
        for over in _days_before(day, last):
            if over > today:
                counted = unit != "working_days" or calendar.is_workday(over)
                begun = _first_minute(calendar, over)
                if counted and not any(since < begun <= until for since, until in pauses):
                    left -= 1
                if counted and left <= 0:
                    due = _close(calendar, over, ends, rolls)
                    if not any(since < due <= until for since, until in pauses):
                        return due
            last = over
    raise AssertionError


def _end_of_months(
    start: datetime, months: int, ends: str, rolls: bool, calendar: SlowCalendar, pauses: Pauses
) -> datetime:
    day = first = calendar.date_at(start)
    crossed = 0
    while crossed < months or (day.day < first.day and (day + timedelta(days=1)).month == day.month):
        day += timedelta(days=1)
        crossed += day.day == 1
    for since, until in pauses:
        if since >= _close(calendar, day, ends, rolls):
            break
        for minute in _minutes(since):
            if minute >= until:
                break
            day += timedelta(days=calendar.date_at(minute + MINUTE) != calendar.date_at(minute))
        while _close(calendar, day, ends, rolls) <= until:
            day += timedelta(days=1)
    return _close(calendar, day, ends, rolls)


def _close(calendar: SlowCalendar, day: date, ends: str, rolls: bool) -> datetime:
    while rolls and not calendar.is_workday(day):
        day += timedelta(days=1)
    begun = _first_minute(calendar, day)
    if ends == "close_of_work":
        worked = [minute for minute in _some(begun, 3 * 1440) if calendar.workday_at(minute) == day]
        if worked:
            return worked[-1] + MINUTE
    return _first_minute(calendar, day + timedelta(days=1))


def _first_minute(calendar: SlowCalendar, day: date) -> datetime:
    from_ = datetime.combine(day, time(), ZoneInfo("UTC")) - 1440 * MINUTE
    return next(minute for minute in _minutes(from_) if calendar.date_at(minute) >= day)


def _days_before(day: date, after: date) -> Iterator[date]:
    over = after + timedelta(days=1)
    while over < day:
        yield over
        over += timedelta(days=1)


def _is_paused(minute: datetime, pauses: Pauses) -> bool:
    return any(since <= minute < until for since, until in pauses)


def _minutes(start: datetime) -> Iterator[datetime]:
    return _some(start, DAYS * 1440)


def _some(start: datetime, number: int) -> Iterator[datetime]:
    for nth in range(number):
        yield start + nth * MINUTE
