"""Finds in our own words what sounds like a promise with a time, in any of the languages that words are given for."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from pydantic import Field

from services.followup.domain.policies.clock_rules import Written
from services.followup.domain.policies.said_times import SaidTime, due_at
from shared.contracts.followup_clocks import Unit
from shared.kernel.worktime import Calendar

SENTENCE = re.compile(r"[^.!?\n]+(?:\.(?=\d)[^.!?\n]+)*[.!?]?")
PART = re.compile(r"[,;:]")
NUMBER = r"\d{1,3}"
CLOCK_TIME = (
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d\d))?\s*(?P<half>a\.?m\b\.?|p\.?m\b\.?|uhr\b|h\b|o'?clock\b|hrs?\b)?"
)


class PromiseWords(Written):
    """How promises sound in one language; every entry is a regular expression over lower-case text."""

    language: str
    numbers: dict[str, int]
    units: dict[Unit, tuple[str, ...]]
    range: tuple[str, ...]
    leads: tuple[str, ...]
    soften: tuple[str, ...]
    by: tuple[str, ...]
    before: tuple[str, ...] = ()
    days: dict[str, int]
    weekdays: dict[str, int]
    months: dict[str, int]
    at: tuple[str, ...]
    times: dict[str, str]
    commits: tuple[str, ...] = Field(min_length=1)
    verbs: tuple[str, ...] = Field(min_length=1)
    hedges: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    after_not: tuple[str, ...] = ()


class Found(NamedTuple):
    """What sounds like a promise: the time at [start, end) of the text, the sentence, and when it falls due."""

    start: int
    end: int
    words: str
    what: str
    due: datetime
    language: str
    confidence: float
    rule: str


@dataclass(frozen=True, slots=True)
class Ear:
    """The words of one language, compiled."""

    words: PromiseWords
    hint: re.Pattern[str]
    length: re.Pattern[str]
    day: re.Pattern[str]
    date: re.Pattern[str]
    commits: re.Pattern[str]
    verbs: re.Pattern[str]
    hedges: re.Pattern[str]
    never: re.Pattern[str]
    conditions: re.Pattern[str]
    after_not: re.Pattern[str]

    def times(self, sentence: str) -> Iterator[tuple[re.Match[str], SaidTime, str]]:
        """Give the times that a sentence in lower case names, with the rule that found each."""
        for match in self.length.finditer(sentence):
            high = match["high"] or match["low"]
            unit = next(unit for unit in self.words.units if match[unit])
            yield match, SaidTime(amount=_number(high, self.words.numbers), unit=unit), "length"
        for match in self.day.finditer(sentence):
            yield match, _day(match, self.words), "day"
        for match in self.date.finditer(sentence):
            yield match, _date(match, self.words), "date"


def ear(words: PromiseWords) -> Ear:
    """Compile the words of a language; raises ValueError for an entry that is no regular expression."""
    try:
        return Ear(words, *_compiled(words))
    except re.error as error:
        raise ValueError(f"{error.pattern!r} is no regular expression: {error.msg}") from error


def find(text: str, said_at: datetime, calendar: Calendar, ears: tuple[Ear, ...]) -> list[Found]:
    """Give what sounds like a promise, in order; the due time is the upper end of what was said."""
    lower = text.lower()
    hearing = [ear for ear in ears if ear.hint.search(lower)]
    if not hearing or len(lower) != len(text):
        return []
    found: list[Found] = []
    for sentence in SENTENCE.finditer(lower):
        for each in hearing:
            heard = list(_in_sentence(text, sentence, each, said_at, calendar))
            found += heard
            if heard:
                break
    return found


def _in_sentence(
    text: str, sentence: re.Match[str], ear: Ear, said_at: datetime, calendar: Calendar
) -> Iterator[Found]:
    said = sentence[0]
    if ear.never.search(said) or not (ear.commits.search(said) and ear.verbs.search(said)):
        return
    taken = 0
    for match, time, rule in sorted(ear.times(said), key=lambda each: each[0].start()):
        before = max((part.end() for part in PART.finditer(said, 0, match.start())), default=0)
        part = said[before : match.start()]
        if match.start() < taken or ear.after_not.match(said, match.end()) or ear.conditions.search(part):
            continue
        rest = PART.search(said, match.end())
        if not (ear.verbs.search(said[before : rest.start() if rest else len(said)]) and ear.commits.search(said)):
            continue
        taken = match.end()
        start, end = sentence.start() + match.start(), sentence.start() + match.end()
        yield Found(
            start=start,
            end=end,
            words=text[start:end],
            what=" ".join(text[sentence.start() : sentence.end()].split())[:500],
            due=due_at(time, said_at, calendar),
            language=ear.words.language,
            confidence=0.6 if ear.hedges.search(said) else 0.9,
            rule=f"{ear.words.language}.{rule}",
        )


def _compiled(words: PromiseWords) -> tuple[re.Pattern[str], ...]:
    number = f"(?:{NUMBER}|{_any(words.numbers)})"
    units = "|".join(f"(?P<{unit}>{_any(forms)})" for unit, forms in words.units.items())
    named = f"{_any(words.days)}|{_any(words.weekdays)}|{_any(words.months)}"
    time = f"(?:\\s+(?:(?P<at>{_any(words.at)})\\s*)?(?:(?P<time>{_any(words.times)})\\b|(?<=\\s){CLOCK_TIME}))?"
    first_time = CLOCK_TIME.replace("P<", "P<first_")
    by = f"(?P<by>{_any((*words.by, *words.before))})"
    said_by = by.replace("?P<by>", "?:")
    return (
        re.compile(f"\\b(?:{named}|{'|'.join(_any(forms) for forms in words.units.values())})\\b"),
        re.compile(
            f"\\b(?:{_any(words.leads)})\\s+(?:(?:{_any(words.soften)})\\s+)*(?P<low>{number})"
            f"(?:\\s*(?:{_any(words.range)})\\s*(?P<high>{number}))?[\\s-]+(?:{units})(?!\\w)"
        ),
        re.compile(
            f"\\b(?:(?:{_any(words.at)})\\s+{first_time}\\s+)?"
            f"(?:(?:{said_by}\\s+)?(?P<today>{_any(words.days)})"
            f"|{by}\\s+(?P<weekday>{_any(words.weekdays)}))(?!\\w){time}"
        ),
        re.compile(
            f"\\b{by}\\s+(?:(?P<month>{_any(words.months)})\\s+(?P<date>\\d{{1,2}})(?:st|nd|rd|th)?"
            f"|(?P<date2>\\d{{1,2}})(?:\\.|er|st|nd|rd|th)?(?:\\s+(?:de|of))?\\s+(?P<month2>{_any(words.months)}))(?!\\w)"
        ),
        _word(words.commits),
        _word(words.verbs),
        _word(words.hedges),
        re.compile("|".join(words.never) or "(?!)"),
        re.compile(f"^\\s*(?:\\w+\\s+)?(?:{_any(words.conditions)})\\b|\\b(?:{_any(words.conditions)})\\b"),
        re.compile(f"\\s*(?:{_any(words.after_not)})\\b"),
    )


def _any(forms: Mapping[str, int] | Mapping[str, str] | tuple[str, ...]) -> str:
    return "|".join(sorted(forms, key=len, reverse=True)) or "(?!)"


def _word(forms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f"(?<!\\w)(?:{_any(forms)})(?!\\w)" if forms else "(?!)")


def _number(said: str, numbers: Mapping[str, int]) -> int:
    return int(said) if said.isdecimal() else numbers[said]


def _lookup(said: str, forms: Mapping[str, int]) -> int:
    return next(value for form, value in forms.items() if re.fullmatch(form, said))


def _day(match: re.Match[str], words: PromiseWords) -> SaidTime:
    time = _time_of_day(match, words)
    if match["weekday"]:
        before = time is None and _before(match, words)
        return SaidTime(weekday=_lookup(match["weekday"], words.weekdays), time=time, before=before)
    return SaidTime(days=_lookup(match["today"], words.days), time=time)


def _date(match: re.Match[str], words: PromiseWords) -> SaidTime:
    month = _lookup(match["month"] or match["month2"], words.months)
    return SaidTime(month=month, date=int(match["date"] or match["date2"]), before=_before(match, words))


def _before(match: re.Match[str], words: PromiseWords) -> bool:
    return bool(match["by"]) and re.fullmatch(_any(words.before), match["by"]) is not None


def _time_of_day(match: re.Match[str], words: PromiseWords) -> str | None:
    if match["time"]:
        return next(value for form, value in words.times.items() if re.fullmatch(form, match["time"]))
    for first in ("", "first_"):
        if match[f"{first}hour"] and (first or match["at"] or match["half"]):
            hour, half = int(match[f"{first}hour"]), match[f"{first}half"] or ""
            hour = hour % 12 + 12 if half.startswith("p") else hour
            return f"{hour:02}:{match[f'{first}minute'] or '00'}" if hour < 24 else None
    return None
