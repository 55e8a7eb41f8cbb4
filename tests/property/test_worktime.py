"""Working time agrees with an oracle that looks at every minute, in every zone and over every change of the clock."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.kernel.worktime import Calendar

MINUTE = timedelta(minutes=1)
ZONES = (
    "UTC",
    "Europe/Madrid",
    "America/New_York",
    "America/Havana",  # changes at midnight
    "America/Santiago",  # falls back over midnight
    "Australia/Lord_Howe",  # changes by half an hour
    "Asia/Kathmandu",  # lies at a quarter of an hour
    "Pacific/Kiritimati",  # is a day ahead of others
)
# Just before the clocks change somewhere, and around New Year.
EVES = (
    date(2026, 3, 7),
    date(2026, 3, 28),
    date(2026, 4, 4),
    date(2026, 9, 5),
    date(2026, 10, 3),
    date(2026, 10, 24),
    date(2026, 10, 31),
    date(2026, 12, 31),
)


@st.composite
def days(draw: st.DrawFn) -> tuple[tuple[time, time], ...]:
    """One or two working periods of a day, on full hours, so that no clock changes halfway through one."""
    hours = draw(st.lists(st.integers(0, 23), min_size=2, max_size=4, unique=True).map(sorted))
    return tuple((time(a), time(b)) for a, b in zip(hours[::2], hours[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Any calendar with work on at least three days of the week."""
    week = [draw(days()) for _ in range(7)]
    for free in draw(st.sets(st.integers(0, 6), max_size=4)):
        week[free] = ()
    holidays = {draw(st.sampled_from(EVES)) + timedelta(days=n) for n in draw(st.sets(st.integers(0, 4), max_size=2))}
    return Calendar(draw(st.sampled_from(ZONES)), tuple(week), frozenset(holidays))


@st.composite
def starts(draw: st.DrawFn) -> datetime:
    """A full minute in UTC, near a change of some clock."""
    eve = datetime.combine(draw(st.sampled_from(EVES)), time(), UTC)
    return eve + MINUTE * draw(st.integers(-24 * 60, 48 * 60))


def works(calendar: Calendar, instant: datetime) -> bool:
    local = instant.astimezone(ZoneInfo(calendar.zone))
    if local.date() in calendar.holidays:
        return False
    return any(begin <= local.time() < end for begin, end in calendar.hours[local.weekday()])


def minutes_from(start: datetime) -> Iterator[datetime]:
    while True:
        yield start
        start += MINUTE


def slow_add_time(calendar: Calendar, start: datetime, working: timedelta) -> datetime:
    left = working
    for minute in minutes_from(start):
        if works(calendar, minute):
            if left <= MINUTE:
                return minute + left
            left -= MINUTE
    raise AssertionError


def slow_add_days(calendar: Calendar, start: datetime, days: int) -> datetime:
    """Find the last working minute of the day that is `days` working days ahead; today counts while there is work."""
    today = start.astimezone(ZoneInfo(calendar.zone)).date()
    last: dict[date, datetime] = {}
    for minute in minutes_from(start - timedelta(days=1)):
        local = minute.astimezone(ZoneInfo(calendar.zone)).date()
        ahead = sorted(day for day in last if day > today or (days == 0 and day == today and last[day] > start))
        wanted = ahead[max(days, 1) - 1] if len(ahead) >= max(days, 1) else None
        if wanted is not None and local > wanted:
            return last[wanted]
        if works(calendar, minute):
            last[local] = minute + MINUTE
    raise AssertionError


@settings(max_examples=60, deadline=None)
@given(calendars(), starts(), st.integers(0, 10 * 60).map(lambda minutes: timedelta(minutes=minutes)))
def test_adding_time_agrees_with_counting_minutes(calendar: Calendar, start: datetime, working: timedelta) -> None:
    assert calendar.add_time(start, working) == slow_add_time(calendar, start, working)


@settings(max_examples=40, deadline=None)
@given(calendars(), starts(), st.integers(0, 3))
def test_adding_days_agrees_with_looking_at_every_minute(calendar: Calendar, start: datetime, ahead: int) -> None:
    assert calendar.add_days(start, ahead) == slow_add_days(calendar, start, ahead)


@given(calendars(), starts(), st.integers(0, 5 * 60 * 10**6), st.integers(0, 5 * 60 * 10**6))
def test_time_adds_up(calendar: Calendar, start: datetime, first: int, second: int) -> None:
    one, other = timedelta(milliseconds=first / 1000), timedelta(milliseconds=second / 1000)
    both = calendar.add_time(start, one + other)
    assert calendar.add_time(calendar.add_time(start, one), other) in (both, calendar.add_time(both, timedelta(0)))


@given(calendars(), starts(), st.integers(0, 600), st.integers(0, 600))
def test_more_work_or_a_later_start_never_ends_sooner(
    calendar: Calendar, start: datetime, more: int, later: int
) -> None:
    hour = timedelta(hours=1)
    end = calendar.add_time(start, hour)
    assert start <= end <= calendar.add_time(start, hour + more * MINUTE)
    assert end <= calendar.add_time(start + later * MINUTE, hour)


@given(calendars(), starts(), st.integers(0, 20))
def test_the_end_of_a_working_day_is_never_in_the_past(calendar: Calendar, start: datetime, ahead: int) -> None:
    assert start < calendar.add_days(start, ahead) <= calendar.add_days(start, ahead + 1)
    assert calendar.add_days(start, ahead + 1) < calendar.add_days(start, ahead + 2)


@given(calendars(), starts(), st.sampled_from(ZONES), st.integers(0, 600), st.integers(0, 5))
def test_it_does_not_matter_in_which_zone_the_start_is_given(
    calendar: Calendar, start: datetime, zone: str, minutes: int, ahead: int
) -> None:
    elsewhere = start.astimezone(ZoneInfo(zone))
    # An hour that comes twice is equal to no instant of another zone (PEP 495), so we compare in UTC.
    assert calendar.add_time(elsewhere, minutes * MINUTE).astimezone(UTC) == calendar.add_time(start, minutes * MINUTE)
    assert calendar.add_days(elsewhere, ahead).astimezone(UTC) == calendar.add_days(start, ahead)
