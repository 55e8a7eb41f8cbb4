"""Days since a purchase, and deadlines, resolved against the day on which the customer said them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from pydantic import BaseModel, ConfigDict

from services.triage.domain.policies.phrases import Word

NEAR = 9
DAY_HOURS = 24
FRIDAY = 4
_ORDINALS = frozenset({"st", "nd", "rd", "th", "of", "de", "the", "er"})
_STOPS = frozenset({".", "!", ";", "?", ""})


class DateWords(BaseModel):
    """The words that dates and durations are said with, in plain form; `units` in hours, `past` and `due` in days."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    numbers: dict[str, int]
    units: dict[str, int]
    months: dict[str, int]
    weekdays: dict[str, int]
    ago_after: frozenset[str]
    ago_before: frozenset[str]
    held_before: frozenset[str]
    held: frozenset[str]
    past: dict[str, int]
    last: frozenset[str]
    in_month: frozenset[str]
    purchase: frozenset[str]
    merely_have: frozenset[str]
    other_acts: frozenset[str]
    due_before: frozenset[str]
    within: frozenset[str]
    ends: frozenset[str]
    due: dict[str, int]
    due_wants: frozenset[str]


@dataclass(frozen=True, slots=True)
class Dated:
    """A day, and the words [first, last] that name it."""

    day: date
    first: int
    last: int


def purchase_day(words: list[Word], today: date, known: DateWords) -> Dated | None:
    """Find the day on which the customer bought or received what they speak of; never after `today`.

    A bare month is read in the customer's favour, as its last day.
    """
    for at, word in enumerate(words):
        if word.plain in known.purchase:
            calendar = word.plain not in known.merely_have
            near = [d for d in _past(words, at, today, known, calendar=calendar) if d.day <= today]
            if near:
                return min(near, key=lambda dated: abs(dated.first - at))
    return None


def _past(words: list[Word], at: int, today: date, known: DateWords, *, calendar: bool) -> Iterator[Dated]:
    """Give the past days that are named near the word `at`, in its sentence, with no other act in between.

    Days of the calendar count only where `calendar`.
    """
    low, high = _sentence(words, at, known.other_acts)
    for i in range(low, high):
        word = words[i].plain
        if word in known.units and (counted := _count(words, i, known)):
            number, first = counted
            after = words[i + 1].plain if i + 1 < high else ""
            before = words[first - 1].plain if first > low else ""
            owns = before in known.held_before and any(w.plain in known.held for w in words[low:high])
            if after in known.ago_after or before in known.ago_before or owns:
                yield from _back(today, number * known.units[word] // DAY_HOURS, first, i)
        elif word in known.past:
            yield from _back(today, known.past[word], i, i)
        elif word in known.last and i + 1 < high and words[i + 1].plain in known.units:
            yield from _back(today, known.units[words[i + 1].plain] // DAY_HOURS, i, i + 1)
    if calendar:
        yield from _calendar_days(words, low, high, today, known, future=False)


def deadline(words: list[Word], today: date, known: DateWords) -> Dated | None:
    """Find the day by which the customer wants to be served; never before `today`."""
    for at, word in enumerate(words):
        if word.plain in known.due and _wanted(words, at, known):
            return Dated(today + timedelta(days=known.due[word.plain]), at, at)
        if word.plain in known.within:
            for i in range(at + 1, min(at + 5, len(words))):
                if words[i].plain in known.units and (counted := _count(words, i, known)):
                    hours = counted[0] * known.units[words[i].plain]
                    return _forward(today, -(-hours // DAY_HOURS), at, i)
        if word.plain in known.due_before and (found := _due(words, at, today, known)):
            return found
    return None


def _due(words: list[Word], at: int, today: date, known: DateWords) -> Dated | None:
    high = min(at + 6, len(words))
    for i in range(at + 1, high):
        word = words[i].plain
        if word in _STOPS:
            return None
        if word in known.weekdays:
            return Dated(today + timedelta(days=(known.weekdays[word] - today.weekday()) % 7), at, i)
        if word in known.due:
            return Dated(today + timedelta(days=known.due[word]), at, i)
        if word in known.ends:
            return next((_end(today, known.units[w.plain], at, j) for j, w in enumerate(words[i:high], i)
                         if w.plain in known.units), None)  # fmt: skip
    return next((d for d in _calendar_days(words, at, high, today, known, future=True) if d.day >= today), None)


def _end(today: date, hours: int, first: int, last: int) -> Dated:
    if hours <= DAY_HOURS:
        return Dated(today, first, last)
    if hours <= 7 * DAY_HOURS:
        return Dated(today + timedelta(days=(FRIDAY - today.weekday()) % 7), first, last)
    return Dated(_month_end(today.year, today.month), first, last)


def _wanted(words: list[Word], at: int, known: DateWords) -> bool:
    for i in range(at - 1, max(at - NEAR, -1), -1):
        if words[i].plain in _STOPS:
            return False
        if words[i].plain in known.due_wants:
            return True
    return False


def _sentence(words: list[Word], at: int, barriers: frozenset[str]) -> tuple[int, int]:
    low, high = at, at + 1
    while low > max(at - NEAR, 0) and words[low - 1].plain not in _STOPS and words[low - 1].plain not in barriers:
        low -= 1
    while high < min(at + NEAR, len(words)) and words[high].plain not in _STOPS and words[high].plain not in barriers:
        high += 1
    return low, high


def _count(words: list[Word], unit: int, known: DateWords) -> tuple[int, int] | None:
    """Read the number before the unit at `unit`: ("three" weeks, "a couple of" months) and where it begins."""
    at = unit - 1
    if at > 0 and words[at].plain in ("of", "de"):
        at -= 1
    if at < 0:
        return None
    word = words[at].plain
    if word.isdecimal() and len(word) <= 3:
        return int(word), at
    if word not in known.numbers:
        return None
    first = at - 1 if at > 0 and known.numbers[word] > 1 and known.numbers.get(words[at - 1].plain) == 1 else at
    return known.numbers[word], first


def _calendar_days(
    words: list[Word], low: int, high: int, today: date, known: DateWords, *, future: bool
) -> Iterator[Dated]:
    for i in range(low, high):
        if (written := _written_out(words, i)) is not None:
            yield Dated(written, i, i + 2)
        month = known.months.get(words[i].plain)
        if month is None:
            continue
        day, first, last = _day_beside(words, i)
        year = _number(words, last + 1, 1990, 2100)
        last = last + 1 if year else last
        if day is None and not (first > 0 and words[first - 1].plain in (known.in_month | known.due_before)):
            continue
        yield from _resolve(year, month, day, today, first, last, future=future)


def _resolve(
    year: int | None, month: int, day: int | None, today: date, first: int, last: int, *, future: bool
) -> Iterator[Dated]:
    years = (year,) if year else (today.year, today.year + 1) if future else (today.year, today.year - 1)
    for candidate in years:
        end = _month_end(candidate, month)
        if day is not None and day > end.day:
            continue
        found = end if day is None else date(candidate, month, day)
        if day is None and not future and (candidate, month) == (today.year, today.month):
            found = today
        if year or (found >= today if future else found <= today):
            yield Dated(found, first, last)
            return


def _written_out(words: list[Word], at: int) -> date | None:
    """Read 2026-05-03 (three numbers side by side)."""
    year, month, day = _number(words, at, 1990, 2100), _number(words, at + 1, 1, 12), _number(words, at + 2, 1, 31)
    if year and month and day and words[at + 2].end - words[at].start == 10 and day <= _month_end(year, month).day:
        return date(year, month, day)
    return None


def _day_beside(words: list[Word], month: int) -> tuple[int | None, int, int]:
    """Read the day before or after the month's name: 3 May, 3rd of May, May 3rd, 3. Mai."""
    before = month - 1
    while before > 0 and (words[before].plain in _ORDINALS or words[before].plain == ".") and before > month - 4:
        before -= 1
    if (day := _number(words, before, 1, 31)) and before < month:
        return day, before, month
    if (day := _number(words, month + 1, 1, 31)) and month + 1 < len(words):
        ordinal = month + 2 < len(words) and words[month + 2].plain in ("st", "nd", "rd", "th")
        return day, month, month + 2 if ordinal else month + 1
    return None, month, month


def _number(words: list[Word], at: int, least: int, most: int) -> int | None:
    if not 0 <= at < len(words) or not words[at].plain.isdecimal() or len(words[at].plain) > 4:
        return None
    value = int(words[at].plain)
    return value if least <= value <= most else None


def _month_end(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


def _back(today: date, days: int, first: int, last: int) -> Iterator[Dated]:
    if 0 <= days < today.toordinal():
        yield Dated(today - timedelta(days=days), first, last)


def _forward(today: date, days: int, first: int, last: int) -> Dated | None:
    return Dated(today + timedelta(days=days), first, last) if days <= 3660 else None
