"""Reads days: tomorrow, next Friday, the 23rd, 2nd of May, Friday 16 October, 11/04/23, New Year's Eve."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.triage.domain.policies.phrases import Word
from services.triage.domain.policies.time_words import (
    Lexicon,
    day_of,
    digits_at,
    pauses,
    phrase_at,
    plain_at,
    stepped,
    year_at,
)

WEEK = 7
YEARS_AHEAD = 12


@dataclass(frozen=True, slots=True)
class Day:
    """A day, said by the words up to `last`; `number` or `weekday` is set where no more than that was said of it."""

    day: date
    last: int
    rule: str
    sure: float
    number: int | None = None
    weekday: int | None = None
    year_said: bool = False


def day_at(words: list[Word], at: int, today: date, lexicon: Lexicon) -> Day | None:
    """Read the day that begins at `at`; days without a year lie ahead, but for those of this month."""
    return (
        _counted(words, at, today, lexicon)
        or _holiday(words, at, today, lexicon)
        or _written(words, at, lexicon)
        or _calendar(words, at, today, lexicon)
        or _weekday(words, at, today, lexicon)
        or _ordinal(words, at, today, lexicon)
    )


def _counted(words: list[Word], at: int, today: date, lexicon: Lexicon) -> Day | None:
    """Read tomorrow, the day after tomorrow, this morning."""
    known = lexicon.words
    if found := phrase_at(words, at, lexicon.days):
        day = stepped(today, found[0], "1D")
        return Day(day, found[1], "day-word", 0.95) if day else None
    word = plain_at(words, at)
    if word in known.tomorrow_or_morning:
        links = {plain_at(words, at - 1), plain_at(words, at - 2)} & {"la", "de", "por", "am", "guten", "buenos"}
        day = None if links else stepped(today, 1, "1D")
        return Day(day, at, "day-word", 0.75) if day else None
    if word in known.coming and plain_at(words, at + 1) in known.dayparts:
        return Day(today, at + 1, "daypart", 0.9)
    return None


def _holiday(words: list[Word], at: int, today: date, lexicon: Lexicon) -> Day | None:
    found = phrase_at(words, at, lexicon.holidays)
    if found is None:
        return None
    month, number = tuple(lexicon.words.holidays.values())[found[0]]
    year = year_at(words, found[1] + 1)
    day = day_of(year, month, number) if year else ahead(today, month, number)
    return Day(day, found[1] + bool(year), "holiday", 0.85, year_said=bool(year)) if day else None


def _written(words: list[Word], at: int, lexicon: Lexicon) -> Day | None:
    """Read 2026-05-03, 11/04/23, 11.04.2023."""
    word = plain_at(words, at)
    if word.count(".") == 2:
        parts, last = word.split("."), at
    else:
        if at + 2 >= len(words) or any(words[at + n].start - words[at + n - 1].end != 1 for n in (1, 2)):
            return None
        parts, last = [plain_at(words, at + n) for n in range(3)], at + 2
    if not all(part.isdecimal() and len(part) <= 4 for part in parts):
        return None
    first, second, third = map(int, parts)
    if len(parts[0]) == 4:
        day = day_of(first, second, third)
    elif len(parts[2]) in (2, 4):
        year = third + (0 if len(parts[2]) == 4 else 2000 if third < 70 else 1900)
        day_first = (lexicon.words.numeric_day_first or first > 12) and second <= 12
        day = day_of(year, second, first) if day_first else day_of(year, first, second)
    else:
        return None
    return (
        Day(day, last, "written", 0.9 if len(parts[0]) == 4 or max(first, second) > 12 else 0.7, year_said=True)
        if day
        else None
    )


def _calendar(words: list[Word], at: int, today: date, lexicon: Lexicon) -> Day | None:
    """Read 2nd of May, May the 2nd 2014, Friday, October the 16th: the year is the next one that fits the weekday."""
    weekday = _weekday_named(words, at, lexicon)
    start = at + (weekday is not None)
    while plain_at(words, start) in lexicon.words.articles and start < at + 3:
        start += 1
    said = month_and_day(words, start, lexicon)
    if said is None:
        return None
    month, number, last = said
    year_from = last + 1 + (plain_at(words, last + 1) in lexicon.words.articles)
    if (year := year_at(words, year_from)) is not None:
        day = day_of(year, month, number)
        return Day(day, year_from, "calendar", 0.95, year_said=True) if day else None
    if weekday is None:
        day = ahead(today, month, number)
        return Day(day, last, "calendar", 0.9) if day else None
    years = (day_of(today.year + n, month, number) for n in range(YEARS_AHEAD))
    day = next((d for d in years if d and d >= today and d.weekday() == weekday), None)
    return Day(day, last, "calendar-weekday", 0.8) if day else None


def month_and_day(words: list[Word], at: int, lexicon: Lexicon) -> tuple[int, int, int] | None:
    """Read 2nd of May and May the 2nd as (month, day, last word)."""
    known = lexicon.words
    if month := lexicon.months.get(plain_at(words, at)):
        i = at + 1
        while plain_at(words, i) in known.articles and i < at + 2:
            i += 1
        number, last = _day_number(words, i, lexicon)
        return (month, number, last) if number and not _is_clock(words, last, lexicon) else None
    number, last = _day_number(words, at, lexicon)
    if not number:
        return None
    i = last + 1
    while (plain_at(words, i) in known.articles or plain_at(words, i) == ".") and i < last + 3:
        i += 1
    month = lexicon.months.get(plain_at(words, i))
    return (month, number, i) if month else None


def _day_number(words: list[Word], at: int, lexicon: Lexicon) -> tuple[int | None, int]:
    if (number := digits_at(words, at, 1, 31)) is not None:
        return number, at + (plain_at(words, at + 1) in lexicon.words.ordinal_marks)
    word = plain_at(words, at)
    if word in ("twenty", "thirty") and (extra := lexicon.words.ordinals.get(plain_at(words, at + 1))):
        return (lexicon.numbers[word] + extra if extra < 10 else None), at + 1
    return lexicon.words.ordinals.get(word), at


def _is_clock(words: list[Word], last: int, lexicon: Lexicon) -> bool:
    return plain_at(words, last + 1) in lexicon.words.pm | lexicon.words.am


def _weekday_named(words: list[Word], at: int, lexicon: Lexicon) -> int | None:
    word = plain_at(words, at)
    if (full := lexicon.weekdays.get(word)) is not None:
        return full
    short = lexicon.words.weekday_short.get(word)
    return short if short is not None and month_and_day(words, at + 1, lexicon) else None


def _weekday(words: list[Word], at: int, today: date, lexicon: Lexicon) -> Day | None:
    """Read Thursday, next Saturday, last Friday, last week Monday, Sunday next week, Wednesday in a week."""
    known = lexicon.words
    word, after = plain_at(words, at), plain_at(words, at + 1)
    marked = word in known.next or word in known.last or word in known.coming
    place = at + marked
    week = 0
    if marked and known.units.get(after) == "7D" and plain_at(words, at + 2) in lexicon.weekdays:
        place, week = at + 2, 1 if word in known.next else -1 if word in known.last else 0
    weekday = lexicon.weekdays.get(plain_at(words, place))
    if weekday is None:
        return None
    monday = today.toordinal() - today.weekday()
    nearest = today.toordinal() + ((weekday - today.weekday() - 1) % WEEK + 1)
    last = place
    told, unit = plain_at(words, last + 1), known.units.get(plain_at(words, last + 2))
    if place == at + 2:
        ordinal = monday + week * WEEK + weekday
    elif unit == "7D" and (told in known.next or told in known.last or told in known.coming):
        ordinal, last = (
            monday + weekday + (WEEK if told in known.next else -WEEK if told in known.last else 0),
            last + 2,
        )
    elif phrase_at(words, last + 1, lexicon.ahead) and known.units.get(plain_at(words, last + 3)) == "7D":
        ordinal, last = today.toordinal() + WEEK + (weekday - today.weekday()) % WEEK, last + 3
    elif word in known.last and marked:
        ordinal = today.toordinal() - ((today.weekday() - weekday - 1) % WEEK + 1)
    elif told in known.last and known.units.get(plain_at(words, last + 2)) is None and told not in ("past",):
        ordinal, last = today.toordinal() - ((today.weekday() - weekday - 1) % WEEK + 1), last + 1
    elif word in known.next and marked:
        ordinal = monday + WEEK + weekday
    else:
        ordinal = nearest
    if not 1 <= ordinal <= date.max.toordinal():
        return None
    bare = weekday if not marked and last == place else None
    return Day(date.fromordinal(ordinal), last, "weekday", 0.9 if marked else 0.85, weekday=bare)


def _ordinal(words: list[Word], at: int, today: date, lexicon: Lexicon) -> Day | None:
    """Read the 23rd, next 30th, last 13th, the 21st of the month; not the 1st time, nor the 2nd of each month."""
    known = lexicon.words
    mark = plain_at(words, at) if plain_at(words, at) in known.next | known.last else ""
    start = at + bool(mark)
    number = digits_at(words, start, 1, 31)
    if number is None or plain_at(words, start + 1) not in known.ordinal_marks:
        return None
    last = start + 1
    if plain_at(words, last + 1) in known.articles and plain_at(words, last + 2) in known.each:
        return None
    step = 0
    for i in (last + 2, last + 3):
        if known.units.get(plain_at(words, i)) == "1M" and plain_at(words, last + 1) in known.articles:
            near = plain_at(words, i - 1)
            step, last = 1 if near in known.next else -1 if near in known.last else 0, i
            break
    if not (pauses(words, last + 1) or plain_at(words, last + 1) in known.followers):
        return None
    base = date(today.year, today.month, 1)
    if last == start + 1:
        step = (
            -1
            if mark in known.last and mark and number >= today.day
            else 1
            if number < today.day and mark not in known.last
            else 0
        )
    month = stepped(base, step, "1M")
    day = day_of(month.year, month.month, number) if month else None
    return Day(day, last, "day-of-month", 0.75, number=number if last == start + 1 else None) if day else None


def ahead(today: date, month: int, number: int) -> date | None:
    """Give the next such day of the year; one of this month stays in this year, 29 February waits for its year."""
    first = today.year + (month < today.month)
    return next((d for d in (day_of(first + n, month, number) for n in range(9)) if d), None)


def after(day: date, weekday: int) -> date | None:
    """Give the first such weekday after a day."""
    return stepped(day, (weekday - day.weekday() - 1) % WEEK + 1, "1D") if day < date.max - timedelta(days=8) else None
