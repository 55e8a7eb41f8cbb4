"""Finds every time that a message names, resolved against the customer's own local time when it was said."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.triage.domain.policies.clock import Clock, clock_at
from services.triage.domain.policies.days import Day, after, day_at
from services.triage.domain.policies.periods import Span, span_at
from services.triage.domain.policies.phrases import Word
from services.triage.domain.policies.time_words import (
    Lexicon,
    day_of,
    digits_at,
    ends_with,
    plain_at,
    stepped,
)
from shared.contracts.said import TimeKind, TimeRole

NEAR = 5
REACH = 3


@dataclass(frozen=True, slots=True)
class Timed:
    """A time that the words [first, last] say, and what it is for; `said` holds it before it is written down."""

    first: int
    last: int
    said: Day | Clock | Span
    role: TimeRole = "at"

    @property
    def day(self) -> date | None:
        """The single day that is meant, if it is one."""
        return self.said.day if isinstance(self.said, Day | Span) else None


def times_said(words: list[Word], now: datetime, lexicon: Lexicon) -> list[Timed]:
    """Find the times in the order of the text; `now` is when it was said, in the customer's zone."""
    found = list(_scan(words, now, lexicon))
    if not found:
        return []
    roled = [replace(timed, role=_role(words, timed.first, lexicon)) for timed in found]
    return _ranges(words, roled, lexicon)


def _scan(words: list[Word], now: datetime, lexicon: Lexicon) -> Iterator[Timed]:
    at, triggers, today = 0, lexicon.triggers, now.date()
    while at < len(words):
        word = words[at].plain
        if (word in triggers or word[:1].isdigit()) and (timed := _read(words, at, now, today, lexicon)):
            yield timed
            at = timed.last
        at += 1


def _read(words: list[Word], at: int, now: datetime, today: date, lexicon: Lexicon) -> Timed | None:
    """Read the longest time that begins at `at`; of two as long, a day before a period before a time of day."""
    day, span, clock = (
        day_at(words, at, today, lexicon),
        span_at(words, at, now, lexicon),
        clock_at(words, at, lexicon),
    )
    if span and clock and span.last == clock.last and words[at - 1].plain in lexicon.words.at and at:
        span = None
    readings = [
        Timed(said.first if isinstance(said, Span) else at, said.last, said) for said in (day, span, clock) if said
    ]
    return max(readings, key=lambda timed: timed.last, default=None)


def _role(words: list[Word], first: int, lexicon: Lexicon) -> TimeRole:
    """Tell what a time is for by the nearest words before it: from Monday, until Friday, by noon."""
    known = lexicon.words
    for before in range(first, max(first - REACH, 0), -1):
        if ends_with(words, before, lexicon.deadline) is not None:
            return "deadline"
        word = words[before - 1].plain
        if word in known.to:
            return "to"
        if word in known.from_:
            return "from"
        if word not in known.articles and word not in known.at:
            break
    return "at"


def _ranges(words: list[Word], found: list[Timed], lexicon: Lexicon) -> list[Timed]:
    """Add the period that two days span: "from the 7th to the 9th of May" is three times, the ends and the whole.

    Each end keeps what its own words say; the whole completes one from the other, and is the surer of them.
    """
    whole: list[Timed] = []
    for timed in found:
        before = whole[-1] if whole else None
        start: Day | None = None
        end: Day | None = None
        if before and isinstance(before.said, Day) and isinstance(timed.said, Clock):
            timed = _day_after_all(words, before, before.said, timed, lexicon)
        if isinstance(timed.said, Day):
            if before and isinstance(before.said, Day) and _joined(words, before, timed, lexicon):
                start, end = _in_one_month(before.said, timed.said)
            elif bare := _bare(words, timed, timed.said, lexicon):
                before, start, end = Timed(bare.last, bare.last, bare), bare, timed.said
        if before is None or start is None or end is None:
            whole.append(timed)
            continue
        if whole and whole[-1] is before:
            whole[-1] = replace(before, said=_literal(before.said, start), role="from")
        role: TimeRole = timed.role if timed.role == "deadline" else "to"
        whole.append(replace(timed, said=_literal(timed.said, end), role=role))
        span = Span(before.first, timed.last, "range", 0.85, days=(start.day, end.day))
        whole.append(Timed(before.first, timed.last, span))
    return whole


def _day_after_all(words: list[Word], before: Timed, day: Day, timed: Timed, lexicon: Lexicon) -> Timed:
    """Read the 22 of "14 February to 22" as a day."""
    number = digits_at(words, timed.first, 1, 31)
    if number is None or timed.first != timed.last or not day.rule.startswith("calendar"):
        return timed
    then = _month_of(day.day, number, back=None) if _joined(words, before, timed, lexicon) else None
    return replace(timed, said=Day(then, timed.last, "day-of-month", 0.7, number=number)) if then else timed


def _literal(said: Day | Clock | Span, completed: Day) -> Day | Clock | Span:
    """Give an end as its own words say it, less surely where the other end makes another day of it."""
    return replace(said, sure=0.5) if isinstance(said, Day) and said.day != completed.day else said


def _joined(words: list[Word], one: Timed, other: Timed, lexicon: Lexicon) -> bool:
    between = [word.plain for word in words[one.last + 1 : other.first]]
    known = lexicon.words
    if len(between) > NEAR or "." in between:
        return False
    dashed = not between and words[other.first].start - words[one.last].end > 1
    return (
        dashed or other.role == "to" or (one.role == "from" and "and" in between) or any(w in known.to for w in between)
    )


def _in_one_month(start: Day, end: Day) -> tuple[Day, Day]:
    """Complete what one end leaves open from the other; the end never lies before the start."""
    first, last = start.day, end.day
    if start.number is not None and end.number is None and end.weekday is None:
        first = _month_of(last, start.number, back=start.number > last.day) or first
    elif end.number is not None and start.weekday is None:
        last = _month_of(first, end.number, back=None) or last
    elif end.weekday is not None and last <= first:
        last = after(first, end.weekday) or last
    elif last < first and not end.year_said:
        last = stepped(last, 1, "1Y") or last
    return replace(start, day=first), replace(end, day=last)


def _month_of(near: date, number: int, *, back: bool | None) -> date | None:
    """Give day `number` of the month of `near`, of the one before when `back`, of the next when it would lie before."""
    step = -1 if back else 1 if back is None and number < near.day else 0
    month = stepped(near.replace(day=1), step, "1M")
    return day_of(month.year, month.month, number) if month else None


def _bare(words: list[Word], end: Timed, day: Day, lexicon: Lexicon) -> Day | None:
    """Read the 26 of "from 26 to 29 May"."""
    if day.rule != "calendar":
        return None
    dashed = words[end.first].start - words[end.first - 1].end > 1 if end.first else False
    at = end.first - 1 if dashed else end.first - 2
    if at < 1 or (not dashed and plain_at(words, end.first - 1) not in lexicon.words.to):
        return None
    number = digits_at(words, at, 1, 31)
    before = plain_at(words, at - 1)
    if number is None or not (before in lexicon.words.from_ or before in lexicon.words.articles or before == "for"):
        return None
    start = _month_of(day.day, number, back=number > day.day.day)
    return replace(day, day=start, last=at) if start else None


def written(said: Day | Clock | Span) -> tuple[TimeKind, str]:
    """Write a time down as ISO 8601, and name its kind."""
    match said:
        case Day():
            return "date", said.day.isoformat()
        case Clock():
            return "time", said.at.isoformat("minutes")
        case Span(day=date() as day):
            return "date", day.isoformat()
        case Span(days=(first, last)):
            return "date_period", f"{first.isoformat()}/{last.isoformat()}"
        case Span(instant=datetime() as instant):
            return "instant", _local(instant)
        case Span(instants=(begin, end)):
            return "time_period", f"{_local(begin)}/{_local(end)}"
        case Span(duration=str() as duration):
            return "duration", duration
    raise ValueError("a span says a day, a period, an instant or a duration")


def _local(instant: datetime) -> str:
    return instant.replace(tzinfo=None).isoformat(timespec="minutes")
