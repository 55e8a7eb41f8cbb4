"""Working time: a calendar of working hours and holidays, and sums over it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

HORIZON_DAYS = 3660
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Calendar:
    """Working periods by weekday (0 = Monday) in one time zone, less holidays.

    `hours[weekday]` is a tuple of (start, end) local times, ascending; several periods a day are allowed. A period
    whose end is not after its start runs into the next day, and belongs to the day on which it starts. Somebody works
    at an instant when the wall clock of the zone then shows a time in a period: where the clock is put forward a
    period is shorter, where it is put back it is longer.
    """

    zone: str
    hours: tuple[tuple[tuple[time, time], ...], ...]
    holidays: frozenset[date] = field(default_factory=frozenset)
    _days: dict[date, tuple[Span, ...]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def is_working_day(self, day: date) -> bool:
        """Tell whether anybody works on this local date."""
        return bool(self.hours[day.weekday()]) and day not in self.holidays

    def add_time(self, start: datetime, working: timedelta) -> datetime:
        """Give the instant at which `working` hours have passed since `start`, counted inside working periods.

        Raises ValueError if the calendar has no such instant within ten years.
        """
        left = working
        for begin, end in self.periods(start):
            if end - begin >= left:
                return (begin + left).astimezone(start.tzinfo)
            left -= end - begin
        raise ValueError(f"no working time in calendar of zone {self.zone}")

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Give the working time between two instants; nothing when `end` is not after `start`."""
        return sum((to - begin for begin, to in self.periods(start, end)), timedelta(0))

    def add_days(self, start: datetime, days: int) -> datetime:
        """Give the end of work on the `days`-th working day after the local date of `start`.

        0 is the same day while there is still work on it, else the next working day. Raises ValueError if nobody works
        within ten years.
        """
        today = self.local_date(start)
        seen = 0
        for day in (today + timedelta(days=offset) for offset in range(HORIZON_DAYS)):
            spans = self.spans_of(day)
            if not spans:
                continue
            end = spans[-1][1]
            seen += day > today
            if seen >= days and end > start:
                return end.astimezone(start.tzinfo)
        raise ValueError(f"no working day in calendar of zone {self.zone}")

    def local_date(self, instant: datetime) -> date:
        """Give the date that the zone's calendar shows at an instant."""
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def midnight_after(self, day: date) -> datetime:
        """Give the instant, in UTC, at which a local date is over."""
        return _instant(datetime.combine(day + DAY, time()), ZoneInfo(self.zone))

    def periods(self, start: datetime, end: datetime | None = None) -> Iterator[Span]:
        """Give the working periods from `start` to `end` (None: for ten years) as pairs of instants in UTC, in order.

        Periods that are cut by `start` or `end` are given as far as they lie between them.
        """
        since = start.astimezone(UTC)
        until = None if end is None else end.astimezone(UTC)
        day = self.local_date(start) - DAY
        reached = since
        for _ in range(HORIZON_DAYS):
            for begin, stop in self.spans_of(day):
                begin = max(begin, reached)
                if until is not None:
                    if begin >= until:
                        return
                    stop = min(stop, until)
                if begin < stop:
                    yield begin, stop
                    reached = stop
            day += DAY
            if until is not None and _too_early(day) > until:
                return

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """Give the periods that start on a local date as pairs of instants in UTC; empty when nobody works."""
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = self._spans(day)
        return known

    def _spans(self, day: date) -> tuple[Span, ...]:
        if not self.is_working_day(day):
            return ()
        zone = ZoneInfo(self.zone)
        spans = []
        for begin, end in self.hours[day.weekday()]:
            from_, to = datetime.combine(day, begin), datetime.combine(day if end > begin else day + DAY, end)
            spans += _shown_between(from_, to, zone)
        return tuple(sorted(spans))


def _shown_between(begin: datetime, end: datetime, zone: ZoneInfo) -> list[Span]:
    """Give when the zone's wall clock shows a time in [begin, end), as spans of UTC."""
    low, high = _too_early(begin.date()), _too_early(end.date()) + 3 * DAY
    change = _change(low, high, zone)
    if change is None:
        offset = low.astimezone(zone).utcoffset() or timedelta(0)
        return [(begin.replace(tzinfo=UTC) - offset, end.replace(tzinfo=UTC) - offset)]
    spans: list[Span] = []
    for since, until in ((low, change), (change, high)):
        offset = since.astimezone(zone).utcoffset() or timedelta(0)
        span = max(begin.replace(tzinfo=UTC) - offset, since), min(end.replace(tzinfo=UTC) - offset, until)
        if span[0] < span[1]:
            spans.append(span)
    if len(spans) == 2 and spans[0][1] == spans[1][0]:
        return [(spans[0][0], spans[1][1])]
    return spans


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime | None:
    """Give the instant, to the second, between two instants of UTC at which the zone's clock is put otherwise."""
    before = low.astimezone(zone).utcoffset()
    if before == high.astimezone(zone).utcoffset():
        return None
    while high - low > SECOND:
        middle = low + (high - low) // SECOND // 2 * SECOND
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Give the first instant at which the wall clock has reached a local time."""
    at = local.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) == local:
        return at
    return _change(at - DAY, at + DAY, zone) or at


def _too_early(day: date) -> datetime:
    """Give an instant before this date begins anywhere."""
    return datetime.combine(day, time(), UTC) - DAY
