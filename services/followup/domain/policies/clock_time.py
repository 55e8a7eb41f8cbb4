"""When a time limit ends: hours, working time, days, weeks and months, less the time in which the clock is paused."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from shared.contracts.followup_clocks import TimeTarget
from shared.kernel.worktime import HORIZON_DAYS, Calendar

DAY = timedelta(days=1)
Pause = tuple[datetime, datetime]
ROUND_THE_CLOCK = ("minutes", "hours")
IN_DAYS = {"working_days": 1, "calendar_days": 1, "weeks": 7}


def due_of(start: datetime, target: TimeTarget, calendar: Calendar, pauses: Sequence[Pause] = ()) -> datetime:
    """Give when a clock that started then runs out; `pauses` are over, in order, and apart.

    Hours and minutes stand still in a pause. A day counts unless the clock was paused as it began, and the limit ends
    with the first day whose end finds enough days counted and the clock running; a limit in months moves by the days
    that began in pauses. Raises ValueError when the calendar has no such time within ten years.
    """
    match target.unit:
        case "minutes" | "hours":
            return _running(start, timedelta(**{target.unit: target.amount}), pauses)
        case "working_hours":
            return _working(start, timedelta(hours=target.amount), calendar, pauses)
        case "working_days" | "calendar_days" | "weeks":
            last = _days(start, target, calendar, pauses)
        case "months":
            last = _months(start, target, calendar, pauses)
    return end_of(last, target, calendar)


def earlier_or_later(
    start: datetime, target: TimeTarget, calendar: Calendar, pauses: Sequence[Pause], offset: float
) -> datetime | None:
    """Give when the limit would run out if it were longer (or shorter) by `offset` of its own unit (months: days).

    None when that would be before anything has passed.
    """
    if target.unit == "months":
        return due_of(start, target, calendar, pauses) + offset * DAY
    if target.amount + offset <= 0:
        return None
    return due_of(start, target.model_copy(update={"amount": target.amount + offset}), calendar, pauses)


def end_of(day: date, target: TimeTarget, calendar: Calendar) -> datetime:
    """Give when a limit ends that ends on this day, or on the next working day if it rolls on."""
    if target.rolls:
        day = next_working_day(day, calendar)
    if target.ends == "close_of_work" and (spans := calendar.spans_of(day)):
        return spans[-1][1]
    return calendar.midnight_after(day)


def next_working_day(day: date, calendar: Calendar) -> date:
    """Give the day itself if somebody works on it, else the first day after it on which somebody does."""
    for offset in range(HORIZON_DAYS):
        if calendar.is_working_day(day + offset * DAY):
            return day + offset * DAY
    raise ValueError(f"no working day in calendar of zone {calendar.zone}")


def months_after(day: date, months: int) -> date:
    """Give the same date so many months on; the last day of that month when it has no such date."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _running(start: datetime, left: timedelta, pauses: Sequence[Pause]) -> datetime:
    at = start
    for since, until in pauses:
        if since - at >= left:
            break
        left -= max(since - at, timedelta(0))
        at = until
    return at + left


def _working(start: datetime, left: timedelta, calendar: Calendar, pauses: Sequence[Pause]) -> datetime:
    at = start
    for since, until in pauses:
        worked = calendar.elapsed(at, since)
        if worked >= left:
            break
        left -= worked
        at = until
    return calendar.add_time(at, left)


def _days(start: datetime, target: TimeTarget, calendar: Calendar, pauses: Sequence[Pause]) -> date:
    left = round(target.amount * IN_DAYS[target.unit])
    day = calendar.local_date(start)
    paused = [(calendar.local_date(since), calendar.local_date(until)) for since, until in pauses]
    for _ in range(HORIZON_DAYS):
        day += DAY
        if target.unit == "working_days" and not calendar.is_working_day(day):
            continue
        if not any(since < day <= until for since, until in paused):
            left -= 1
        if left <= 0 and not _paused(end_of(day, target, calendar), pauses):
            return day
    raise ValueError(f"no such day in calendar of zone {calendar.zone}")


def _months(start: datetime, target: TimeTarget, calendar: Calendar, pauses: Sequence[Pause]) -> date:
    last = months_after(calendar.local_date(start), round(target.amount))
    for since, until in pauses:
        if since >= end_of(last, target, calendar):
            break
        last += calendar.local_date(until) - calendar.local_date(since)
        while end_of(last, target, calendar) <= until:
            last += DAY
    return last


def _paused(at: datetime, pauses: Sequence[Pause]) -> bool:
    return any(since < at <= until for since, until in pauses)
