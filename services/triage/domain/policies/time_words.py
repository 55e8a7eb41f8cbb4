"""The words that times are said with, compiled, and how numbers, phrases and calendar steps are read from them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.triage.domain.policies.dates import DateWords
from services.triage.domain.policies.phrases import Word

Daypart = Literal["morning", "afternoon", "evening", "night"]
Counted = Literal["T1M", "T1H", "1D", "7D", "14D", "1M", "1Y"]
Phrases = Mapping[str, tuple[tuple[tuple[str, ...], int], ...]]
BREAKS = frozenset({".", "!", ";", "?", ""})
MOST = 9999


class TimeWords(BaseModel):
    """The words as their owner writes them (times.yaml); `holidays` are month and day, `units` parts of ISO 8601."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    numbers: dict[str, int]
    ordinals: dict[str, int]
    vague: frozenset[str]
    units: dict[str, Counted]
    rates: frozenset[str]
    working: frozenset[str]
    day_phrases: dict[str, int]
    tomorrow_or_morning: frozenset[str]
    holidays: dict[str, tuple[int, int]]
    next: frozenset[str]
    coming: frozenset[str]
    last: frozenset[str]
    weekend: frozenset[str]
    weekday_short: dict[str, int]
    ends: frozenset[str]
    begins: frozenset[str]
    each: frozenset[str]
    after_now: tuple[str, ...]
    articles: frozenset[str]
    ordinal_marks: frozenset[str]
    from_: frozenset[str] = Field(alias="from")
    to: frozenset[str]
    between: frozenset[str]
    deadline: tuple[str, ...]
    at: frozenset[str]
    in_month: frozenset[str]
    in_year: frozenset[str]
    ahead: tuple[str, ...]
    ago_after: frozenset[str]
    ago_before: tuple[str, ...]
    held: frozenset[str]
    am: frozenset[str]
    pm: frozenset[str]
    oclock: frozenset[str]
    dayparts: dict[str, Daypart]
    daypart_links: frozenset[str]
    named_clocks: dict[str, time]
    quarter: frozenset[str]
    half: frozenset[str]
    past: frozenset[str]
    before: frozenset[str]
    followers: frozenset[str]
    numeric_day_first: bool


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of both files, ready for use; `triggers` are the words at which a time may begin."""

    words: TimeWords
    numbers: Mapping[str, int]
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    days: Phrases
    holidays: Phrases
    weekends: Phrases
    after_now: Phrases
    ago_before: Phrases
    ahead: Phrases
    deadline: Phrases
    dayparts: Phrases
    triggers: frozenset[str]


def compile_times(known: TimeWords, dates: DateWords) -> Lexicon:
    """Join the words of times.yaml with the numbers, months and weekdays of dates.yaml."""
    numbers = {**dates.numbers, **known.numbers}
    days = _phrases(known.day_phrases.items())
    holidays = _phrases((name, number) for number, name in enumerate(known.holidays))
    ago = _phrases((phrase, 0) for phrase in known.ago_before)
    ahead = _phrases((phrase, 0) for phrase in known.ahead)
    weekends = _phrases((phrase, 0) for phrase in known.weekend)
    triggers: set[str] = {*numbers, *known.ordinals, *known.units, *dates.months, *dates.weekdays, *known.weekday_short}
    triggers |= {*days, *holidays, *ago, *ahead, *weekends, *known.next, *known.coming, *known.last, *known.ends}
    triggers |= {*known.begins, *known.named_clocks, *known.quarter, *known.half, *known.tomorrow_or_morning}
    return Lexicon(
        words=known,
        numbers=numbers,
        months=dates.months,
        weekdays=dates.weekdays,
        days=days,
        holidays=holidays,
        weekends=weekends,
        after_now=_phrases((phrase, 0) for phrase in known.after_now),
        ago_before=ago,
        ahead=ahead,
        deadline=_phrases((phrase, 0) for phrase in known.deadline),
        dayparts=_phrases((phrase, number) for number, phrase in enumerate(known.dayparts)),
        triggers=frozenset(triggers),
    )


def _phrases(written: Iterable[tuple[str, int]]) -> Phrases:
    index: dict[str, list[tuple[tuple[str, ...], int]]] = {}
    for phrase, value in written:
        parts = tuple(phrase.split())
        index.setdefault(parts[0], []).append((parts, value))
    return {first: tuple(sorted(found, key=lambda f: -len(f[0]))) for first, found in index.items()}


def phrase_at(words: list[Word], at: int, phrases: Phrases) -> tuple[int, int] | None:
    """Give the value of the longest phrase that begins at `at`, and the place of its last word."""
    for parts, value in phrases.get(plain_at(words, at), ()):
        if all(plain_at(words, at + n) == part for n, part in enumerate(parts)):
            return value, at + len(parts) - 1
    return None


def ends_with(words: list[Word], before: int, phrases: Phrases) -> int | None:
    """Give where a phrase begins that ends right before `before`; None when none does."""
    for first in range(max(before - 4, 0), before):
        found = phrase_at(words, first, phrases)
        if found and found[1] == before - 1:
            return first
    return None


def plain_at(words: list[Word], at: int) -> str:
    """Give the word at a place, and the empty word beyond the ends."""
    return words[at].plain if 0 <= at < len(words) else ""


def pauses(words: list[Word], at: int) -> bool:
    """Tell whether the text ends, or pauses with some mark, right before the word at `at`."""
    return at >= len(words) or words[at].plain in BREAKS or (at > 0 and words[at].start - words[at - 1].end > 1)


def number_at(words: list[Word], at: int, lexicon: Lexicon) -> tuple[int, int] | None:
    """Read the number that begins at `at` (4, four, twenty one, a couple of) and the place of its last word."""
    word = plain_at(words, at)
    if word.isdecimal():
        return (int(word), at) if len(word) <= 4 else None
    value = lexicon.numbers.get(word)
    if value is None or word in lexicon.words.vague:
        return None
    after = plain_at(words, at + 1)
    if value == 1 and lexicon.numbers.get(after) == 2 and not after.isdecimal() and after not in lexicon.words.vague:
        return 2, at + 1 + (plain_at(words, at + 2) == "of")
    if value in (20, 30, 40, 50) and 1 <= lexicon.numbers.get(after, 0) <= 9:
        return value + lexicon.numbers[after], at + 1
    return value, at


def digits_at(words: list[Word], at: int, least: int, most: int) -> int | None:
    """Give the number written in digits at a place, when it lies between `least` and `most`."""
    word = plain_at(words, at)
    if not word.isdecimal() or len(word) > 4:
        return None
    return int(word) if least <= int(word) <= most else None


def year_at(words: list[Word], at: int) -> int | None:
    """Give the year written in four digits at a place."""
    return digits_at(words, at, 1900, 2100) if len(plain_at(words, at)) == 4 else None


def month_end(year: int, month: int) -> int:
    """Give the last day of a month."""
    return (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day


def day_of(year: int, month: int, day: int) -> date | None:
    """Give the date, or None when there is no such day."""
    if not (1 <= year < MOST and 1 <= month <= 12 and 1 <= day <= month_end(year, month)):
        return None
    return date(year, month, day)


def stepped(day: date, number: int, unit: Counted) -> date | None:
    """Give the day `number` units on (back when negative); a month's missing days become its last; None beyond time."""
    if unit in ("1M", "1Y"):
        months = day.year * 12 + day.month - 1 + number * (12 if unit == "1Y" else 1)
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(day.day, month_end(year, month))) if 1 <= year < MOST else None
    days = number * {"1D": 1, "7D": 7, "14D": 14}.get(unit, 0)
    within = 1 <= day.toordinal() + days <= date.max.toordinal()
    return date.fromordinal(day.toordinal() + days) if within else None
