"""Reads how long and from when to when: 3 nights, half an hour, 6 days ago, in 2 hours, next week, since November."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from services.triage.domain.policies.days import ahead
from services.triage.domain.policies.phrases import Word
from services.triage.domain.policies.time_words import (
    Counted,
    Lexicon,
    day_of,
    ends_with,
    month_end,
    number_at,
    phrase_at,
    plain_at,
    stepped,
    year_at,
)

SATURDAY = 5
HOURS_AHEAD = 24 * 366


@dataclass(frozen=True, slots=True)
class Span:
    """What the words [first, last] say: a day, a period of days, an instant or a duration (ISO 8601), one of them."""

    first: int
    last: int
    rule: str
    sure: float
    day: date | None = None
    days: tuple[date, date] | None = None
    instant: datetime | None = None
    instants: tuple[datetime, datetime] | None = None
    duration: str | None = None


def span_at(words: list[Word], at: int, now: datetime, lexicon: Lexicon) -> Span | None:
    """Read the duration, relative day or period that begins at `at`; `now` is the customer's own local time."""
    word = plain_at(words, at)
    known = lexicon.words
    if word in known.ends or word in known.begins:
        return _edge(words, at, now.date(), lexicon)
    if word in known.next or word in known.last or word in known.coming:
        return _near(words, at, now, lexicon)
    if phrase_at(words, at, lexicon.weekends):
        return None
    if word in lexicon.months:
        return _month(words, at, now.date(), lexicon)
    if (year := year_at(words, at)) is not None:
        before = plain_at(words, at - 1)
        years = date(year, 1, 1), date(year, 12, 31)
        return Span(at, at, "year", 0.6, days=years) if before in known.in_year else None
    return _amount(words, at, now, lexicon)


def _amount(words: list[Word], at: int, now: datetime, lexicon: Lexicon) -> Span | None:
    """Read 3 nights, 5 business days, 6 days ago, in 8 days, 3 days away from now, half an hour."""
    known = lexicon.words
    minutes = 0
    if (
        plain_at(words, at) in known.half
        and _unit(words, at + 2, lexicon) == "T1H"
        and plain_at(words, at + 1) in ("an", "a", "una")
    ):
        number, last = 30, at + 2
        unit: Counted = "T1M"
    else:
        found = number_at(words, at, lexicon)
        if found is None:
            return None
        number, last = found
        before = plain_at(words, at - 1)
        if number == 1 and (before in known.rates or before[:1].isdecimal()):
            return None
        last += 1 + (plain_at(words, last + 1) in known.working)
        counted = _unit(words, last, lexicon)
        if counted is None:
            return None
        unit = counted
        if plain_at(words, last + 1) == "and" and plain_at(words, last + 3) in known.half and unit == "T1H":
            minutes, last = 30, last + 3
        last += plain_at(words, last + 1) in known.working
    first = at
    sign = 0
    if plain_at(words, last + 1) in known.ago_after:
        sign, last = -1, last + 1
    elif after := phrase_at(words, last + 1, lexicon.after_now):
        sign, last = 1, after[1]
    elif (began := ends_with(words, at, lexicon.ago_before)) is not None:
        sign, first = -1, began
    elif (began := ends_with(words, at, lexicon.ahead)) is not None:
        sign, first = 1, began
    if sign == 0:
        return Span(first, last, "duration", 0.85, duration=_iso(number, unit, minutes))
    if unit.startswith("T"):
        back = sign * (number * (60 if unit == "T1H" else 1) + minutes)
        return Span(first, last, "relative", 0.85, instant=_moved(now, back)) if abs(back) <= HOURS_AHEAD * 60 else None
    day = stepped(now.date(), sign * number, unit)
    return Span(first, last, "relative", 0.9, day=day) if day else None


def _unit(words: list[Word], at: int, lexicon: Lexicon) -> Counted | None:
    return lexicon.words.units.get(plain_at(words, at))


def _iso(number: int, unit: Counted, minutes: int) -> str:
    if unit == "T1H":
        return f"PT{number}H" + (f"{minutes}M" if minutes else "")
    if unit == "T1M":
        return f"PT{number}M"
    weeks = {"7D": 1, "14D": 2}.get(unit, 0)
    return f"P{number * weeks}W" if weeks else f"P{number}{unit[-1]}"


def _moved(now: datetime, minutes: int) -> datetime | None:
    near_edge = now.year in (1, 2, 9998, 9999)
    return None if near_edge else (now + timedelta(minutes=minutes)).replace(second=0, microsecond=0)


def _near(words: list[Word], at: int, now: datetime, lexicon: Lexicon) -> Span | None:
    """Read this week, next 8 months, last 4 hours, this past month, next weekend."""
    known, today = lexicon.words, now.date()
    mark = plain_at(words, at)
    if mark in known.coming and plain_at(words, at + 1) in known.last:
        return _near(words, at + 1, now, lexicon)
    way = 1 if mark in known.next else -1 if mark in known.last else 0
    if weekend := phrase_at(words, at + 1, lexicon.weekends):
        saturday = stepped(today, SATURDAY - today.weekday() + 7 * way, "1D")
        sunday = stepped(saturday, 1, "1D") if saturday else None
        return Span(at, weekend[1], "weekend", 0.85, days=(saturday, sunday)) if saturday and sunday else None
    counted = number_at(words, at + 1, lexicon)
    if counted is None and (unit := _unit(words, at + 1, lexicon)) is not None:
        if unit.startswith("T"):
            return _hours(now, way or 1, 1, unit, (at, at + 1))
        days = _calendar_period(today, way, unit)
        return Span(at, at + 1, "period", 0.9, days=days) if days else None
    if counted is None or not way or (unit := _unit(words, counted[1] + 1, lexicon)) is None:
        return None
    last = counted[1] + 1
    if unit.startswith("T"):
        return _hours(now, way, counted[0], unit, (at, last))
    far = stepped(today, way * counted[0], unit)
    return Span(at, last, "period", 0.9, days=(min(far, today), max(far, today))) if far else None


def _hours(now: datetime, way: int, number: int, unit: Counted, at: tuple[int, int]) -> Span | None:
    minutes = number * (60 if unit == "T1H" else 1)
    here, there = _moved(now, 0), _moved(now, way * minutes) if minutes <= HOURS_AHEAD * 60 else None
    if here is None or there is None:
        return None
    return Span(*at, "period", 0.85, instants=(min(here, there), max(here, there)))


def _calendar_period(today: date, way: int, unit: Counted) -> tuple[date, date] | None:
    """Give the whole week, month or year that lies `way` from the one of today."""
    if unit in ("7D", "14D"):
        monday = stepped(today, 7 * way - today.weekday(), "1D")
        sunday = stepped(monday, 6 if unit == "7D" else 13, "1D") if monday else None
        return (monday, sunday) if monday and sunday else None
    near = stepped(today, way, unit)
    if near is None:
        return None
    if unit == "1D":
        return near, near
    if unit == "1M":
        return near.replace(day=1), near.replace(day=month_end(near.year, near.month))
    return date(near.year, 1, 1), date(near.year, 12, 31)


def _month(words: list[Word], at: int, today: date, lexicon: Lexicon) -> Span | None:
    """Read September 2023, November this year, since November: the whole month."""
    known = lexicon.words
    month = lexicon.months[plain_at(words, at)]
    year, last = year_at(words, at + 1), at + 1
    if year is None and _unit(words, at + 2, lexicon) == "1Y":
        mark = plain_at(words, at + 1)
        way = 1 if mark in known.next else -1 if mark in known.last else 0 if mark in known.coming else None
        year, last = (today.year + way, at + 2) if way is not None else (None, last)
    if year is None:
        first = ahead(today, month, 1)
        if first is None or plain_at(words, at - 1) not in known.in_month:
            return None
        year, last = first.year, at
    first, end = day_of(year, month, 1), day_of(year, month, month_end(year, month))
    return Span(at, last, "month", 0.8, days=(first, end)) if first and end else None


def _edge(words: list[Word], at: int, today: date, lexicon: Lexicon) -> Span | None:
    """Read the end of this year, the beginning of next month, the end of March: one day."""
    known, i = lexicon.words, at + 1
    while plain_at(words, i) in known.articles and i < at + 3:
        i += 1
    mark = plain_at(words, i)
    way = 1 if mark in known.next else -1 if mark in known.last else 0
    i += mark in known.next or mark in known.last or mark in known.coming
    days: tuple[date, date] | None = None
    if (unit := _unit(words, i, lexicon)) in ("7D", "1M", "1Y") and unit is not None and i > at + 1:
        days = _calendar_period(today, way, unit)
        if days and unit == "7D":
            days = days[0], days[1] - timedelta(days=2)
    elif (month := lexicon.months.get(plain_at(words, i))) and (first := ahead(today, month, 1)):
        days = first, first.replace(day=month_end(first.year, month))
    if days is None:
        return None
    return Span(at, i, "edge", 0.75, day=days[1] if plain_at(words, at) in known.ends else days[0])
