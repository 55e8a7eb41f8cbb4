"""Working time: a calendar of working hours and holidays, and sums over it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HORIZON_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working periods by weekday (0 = Monday) in one time zone, less holidays.

    `hours[weekday]` is a tuple of (start, end) local times, ascending; several periods a day are allowed.
    """

    zone: str
    hours: tuple[tuple[tuple[time, time], ...], ...]
    holidays: frozenset[date] = field(default_factory=frozenset)

    def is_working_day(self, day: date) -> bool:
        """Tell whether anybody works on this local date."""
        return bool(self.hours[day.weekday()]) and day not in self.holidays

    def add_time(self, start: datetime, working: timedelta) -> datetime:
        """Give the instant at which `working` hours have passed since `start`, counted inside working periods.

        Raises ValueError if the calendar has no such instant within ten years.
        """
        left = working
        for begin, end in self._periods(start):
            begin = max(begin, start.astimezone(UTC))
            if begin >= end:
                continue
            if end - begin >= left:
                return (begin + left).astimezone(start.tzinfo)
            left -= end - begin
        raise ValueError(f"no working time in calendar of zone {self.zone}")

    def add_days(self, start: datetime, days: int) -> datetime:
        """Give the end of work on the `days`-th working day after the local date of `start`.

        0 is the same day while there is still work on it, else the next working day. Raises ValueError if nobody works
        within ten years.
        """
        zone = ZoneInfo(self.zone)
        today = start.astimezone(zone).date()
        seen = 0
        for day in (today + timedelta(days=offset) for offset in range(HORIZON_DAYS)):
            if not self.is_working_day(day):
                continue
            end = datetime.combine(day, self.hours[day.weekday()][-1][1], zone).astimezone(UTC)
            seen += day > today
            if seen >= days and end > start:
                return end.astimezone(start.tzinfo)
        raise ValueError(f"no working day in calendar of zone {self.zone}")

    def _periods(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        zone = ZoneInfo(self.zone)
        day = start.astimezone(zone).date()
        for offset in range(HORIZON_DAYS):
            local = day + timedelta(days=offset)
            if local in self.holidays:
                continue
            for begin, end in self.hours[local.weekday()]:
                yield (
                    datetime.combine(local, begin, zone).astimezone(UTC),
                    datetime.combine(local, end, zone).astimezone(UTC),
                )
