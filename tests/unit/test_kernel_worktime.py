"""Working time in the calendar of a shop: lunch breaks, weekends, holidays, and the night the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.kernel.worktime import Calendar

DAY = ((time(9), time(13)), (time(14), time(18)))
SHOP = Calendar("Europe/Madrid", (DAY,) * 5 + ((), ()), frozenset({date(2026, 12, 8)}))
NIGHT = Calendar("Europe/Madrid", (((time(0), time(6)),),) * 7)
NEVER = Calendar("Europe/Madrid", ((),) * 7)


def madrid_winter(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    """An instant given in Madrid's winter time (UTC+1)."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        (madrid_winter(23, 10), 2, madrid_winter(23, 12)),
        (madrid_winter(23, 12), 2, madrid_winter(23, 15)),  # over lunch
        (madrid_winter(23, 12), 1, madrid_winter(23, 13)),  # ends as lunch begins
        (madrid_winter(23, 13, 20), 1, madrid_winter(23, 15)),  # asked during lunch
        (madrid_winter(23, 17), 2, madrid_winter(24, 10)),  # over night
        (madrid_winter(27, 17), 2, madrid_winter(30, 10)),  # over the weekend
        (madrid_winter(23, 6), 8, madrid_winter(23, 18)),  # a whole day
        (madrid_winter(7, 17, month=12), 2, madrid_winter(9, 10, month=12)),  # over a holiday
    ],
)
def test_time_passes_only_while_somebody_works(start: datetime, hours: int, end: datetime) -> None:
    assert SHOP.add_time(start, timedelta(hours=hours)) == end


def test_no_time_at_all_gives_when_somebody_works_next() -> None:
    assert SHOP.add_time(madrid_winter(23, 10, 7), timedelta(0)) == madrid_winter(23, 10, 7)
    assert SHOP.add_time(madrid_winter(28, 10), timedelta(0)) == madrid_winter(30, 9)


def test_a_night_with_an_hour_more_or_less_has_an_hour_more_or_less_of_work() -> None:
    short = datetime(2026, 3, 28, 23, tzinfo=UTC)  # midnight in Madrid, where 2:00 becomes 3:00
    assert NIGHT.add_time(short, timedelta(hours=5)) == short + timedelta(hours=5)
    assert NIGHT.add_time(short, timedelta(hours=6)) == short + timedelta(hours=24)
    long = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Madrid, where 3:00 becomes 2:00
    assert NIGHT.add_time(long, timedelta(hours=7)) == long + timedelta(hours=7)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (madrid_winter(23, 10), 0, madrid_winter(23, 18)),
        (madrid_winter(23, 10), 1, madrid_winter(24, 18)),
        (madrid_winter(27, 10), 1, madrid_winter(30, 18)),
        (madrid_winter(28, 10), 0, madrid_winter(30, 18)),
        (madrid_winter(28, 10), 1, madrid_winter(30, 18)),
        (madrid_winter(7, 10, month=12), 1, madrid_winter(9, 18, month=12)),
        (madrid_winter(23, 20), 0, madrid_winter(24, 18)),  # today's work is over
    ],
)
def test_days_end_when_the_work_of_that_day_ends(start: datetime, days: int, end: datetime) -> None:
    assert SHOP.add_days(start, days) == end


def test_the_local_date_counts_not_the_date_in_utc() -> None:
    late_on_monday_in_utc = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert SHOP.add_days(late_on_monday_in_utc, 1) == madrid_winter(25, 18)


def test_a_start_given_in_a_zone_whose_clock_changes_meanwhile_is_an_instant_all_the_same() -> None:
    always_open = Calendar("UTC", (((time(0), time(23)),),) * 7)
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    in_madrid = start.astimezone(ZoneInfo("Europe/Madrid"))  # 1:30, half an hour before 2:00 becomes 3:00
    assert always_open.add_time(in_madrid, timedelta(hours=3)) == start + timedelta(hours=3)


def test_a_calendar_without_work_says_so() -> None:
    with pytest.raises(ValueError, match="no working time in calendar of zone Europe/Madrid"):
        NEVER.add_time(madrid_winter(23, 10), timedelta(hours=1))
    with pytest.raises(ValueError, match="no working day in calendar of zone Europe/Madrid"):
        NEVER.add_days(madrid_winter(23, 10), 1)


def test_a_working_day_has_hours_and_is_no_holiday() -> None:
    assert SHOP.is_working_day(date(2026, 12, 7))
    assert not SHOP.is_working_day(date(2026, 12, 8))
    assert not SHOP.is_working_day(date(2026, 12, 6))
