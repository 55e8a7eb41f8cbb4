"""Reads times of day: 9:50, 2 pm, twenty past three, quarter to 9 in the evening, half past noon, 17h30, halb fünf."""

from dataclasses import dataclass
from datetime import time

from services.triage.domain.policies.phrases import Word
from services.triage.domain.policies.time_words import Lexicon, digits_at, number_at, pauses, phrase_at, plain_at

HOURS = 24
NIGHT_BEGINS = 6
QUARTER, HALF = 15, 30
AND = frozenset({"and", "y", "et", "und"})
BETWEEN = 9
NO_HOUR = frozenset({"a", "an", "un", "una", "une", "ein", "eine", "couple"})


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day, said by the words up to `last`."""

    at: time
    last: int
    sure: float


def clock_at(words: list[Word], at: int, lexicon: Lexicon) -> Clock | None:
    """Read the time of day that begins at `at`; a bare number is one only after "at" and its like."""
    word = plain_at(words, at)
    if (named := lexicon.words.named_clocks.get(word)) is not None:
        return Clock(named, at, 0.9)
    if ":" in word or (word.count(".") == 1):
        return _written(words, at, lexicon)
    return _spoken(words, at, lexicon) or _two_numbers(words, at, lexicon) or _hour(words, at, lexicon)


def _written(words: list[Word], at: int, lexicon: Lexicon) -> Clock | None:
    word = plain_at(words, at)
    hour, _, minute = word.replace(".", ":").partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and len(hour) <= 2 and len(minute) == 2):
        return None
    half, last = _half(words, at + 1, lexicon)
    if "." in word and half is None and last == at:
        return None
    return _clock(int(hour), int(minute), half, last, 0.95)


def _two_numbers(words: list[Word], at: int, lexicon: Lexicon) -> Clock | None:
    """Read 9 30 evening, and 9 30 after "at" and its like."""
    hour, minute = digits_at(words, at, 0, 23), digits_at(words, at + 1, 0, 59)
    if hour is None or minute is None or len(plain_at(words, at + 1)) != 2 or _gap(words, at) != 1:
        return None
    half, last = _half(words, at + 2, lexicon)
    said = half is not None or (at and _asked_at(words, at, lexicon) and _goes_on(words, at + 2, lexicon))
    return _clock(hour, minute, half, last, 0.85) if said else None


def _hour(words: list[Word], at: int, lexicon: Lexicon) -> Clock | None:
    """Read 2 pm, 3 night, 15 Uhr, 17h30, and a bare hour after "at" and its like."""
    found = number_at(words, at, lexicon)
    if found is None or found[0] > HOURS:
        return None
    hour, end = found
    after = plain_at(words, end + 1)
    if after[:1] == "h" and after[1:].isdecimal() and len(after) == 3:
        return _clock(hour, int(after[1:]), None, end + 1, 0.9)
    half, last = _half(words, end + 1, lexicon)
    if half is not None or last > end:
        return _clock(hour, 0, half, last, 0.9)
    if (
        at
        and _asked_at(words, at, lexicon)
        and _goes_on(words, end + 1, lexicon)
        and plain_at(words, end) not in NO_HOUR
    ):
        return _clock(hour, 0, _daypart_before(words, at, lexicon), end, 0.6)
    return None


def _spoken(words: list[Word], at: int, lexicon: Lexicon) -> Clock | None:
    """Read twenty past three, quarter to 9, half past 0 p.m., halb fünf, las cinco y media."""
    known = lexicon.words
    minutes, end = _minutes(words, at, lexicon)
    if minutes is not None:
        link = plain_at(words, end + 1)
        if plain_at(words, at) == "halb" or (link == "past" or link in known.past or link in known.before):
            said = _from_minutes(words, at, minutes, end, lexicon)
            if said is not None:
                return said
    hour = number_at(words, at, lexicon)
    if hour and hour[0] <= HOURS and plain_at(words, hour[1] + 1) in known.past | frozenset({"et", "menos", "moins"}):
        extra = _part(plain_at(words, hour[1] + 2), lexicon)
        if extra:
            less = plain_at(words, hour[1] + 1) in ("menos", "moins")
            half, last = _half(words, hour[1] + 3, lexicon)
            return _clock(hour[0], -extra if less else extra, half, last, 0.8)
    return None


def _minutes(words: list[Word], at: int, lexicon: Lexicon) -> tuple[int | None, int]:
    if part := _part(plain_at(words, at), lexicon):
        return part, at
    if plain_at(words, at) in ("a", "an") and (part := _part(plain_at(words, at + 1), lexicon)):
        return part, at + 1
    found = number_at(words, at, lexicon)
    if found is None or not 1 <= found[0] <= 59:
        return None, at
    minute_word = lexicon.words.units.get(plain_at(words, found[1] + 1)) == "T1M"
    return found[0], found[1] + minute_word


def _part(word: str, lexicon: Lexicon) -> int:
    return QUARTER if word in lexicon.words.quarter else HALF if word in lexicon.words.half else 0


def _from_minutes(words: list[Word], at: int, minutes: int, end: int, lexicon: Lexicon) -> Clock | None:
    german_half = plain_at(words, at) == "halb"
    link = end if german_half else end + 1
    hour = number_at(words, link + 1, lexicon)
    if hour is None or hour[0] > HOURS:
        return None
    half, last = _half(words, hour[1] + 1, lexicon)
    earlier = german_half or plain_at(words, link) in lexicon.words.before
    plain_number = not _part(plain_at(words, at), lexicon) and lexicon.words.units.get(plain_at(words, end)) != "T1M"
    if earlier and plain_number:
        told = half is not None or (
            _asked_at(words, at, lexicon) and plain_at(words, at - 1) not in lexicon.words.between
        )
        ends = half is not None or _goes_on(words, last + 1, lexicon)
        if minutes % 5 or minutes > QUARTER + 10 or not told or not ends:
            return None
        if plain_at(words, at - 1) in ("from", "von", "de") and half is None:
            return None
    return _clock(hour[0], -minutes if earlier else minutes, half, last, 0.9)


def _half(words: list[Word], at: int, lexicon: Lexicon) -> tuple[str | None, int]:
    """Read the half of the day (pm, p.m., in the evening) that begins at `at`; gives it and the last word read."""
    known, i = lexicon.words, at
    while plain_at(words, i) in known.oclock and i < at + 2:
        i += 1
    word = plain_at(words, i)
    if word in known.am or word in known.pm:
        return ("am" if word in known.am else "pm"), i
    letters = [plain_at(words, j) for j in range(i, min(i + 4, len(words)))]
    if letters[:1] in (["a"], ["p"]) and "m" in letters[1:3] and set(letters[1:3]) <= {".", "m"}:
        last = i + letters.index("m")
        closed = plain_at(words, last + 1) == "." and words[last + 1].start == words[last].end
        return f"{letters[0]}m", last + closed
    if letters[:1] in (["am"], ["pm"]):
        return letters[0], i
    for skip in range(3):
        if found := phrase_at(words, i + skip, lexicon.dayparts):
            return tuple(known.dayparts.values())[found[0]], found[1]
        if plain_at(words, i + skip) not in known.daypart_links:
            break
    return None, i - 1


def _daypart_before(words: list[Word], at: int, lexicon: Lexicon) -> str | None:
    """Give the daypart right before "at": tonight at 10, this evening at 8."""
    found = lexicon.words.dayparts.get(plain_at(words, at - 2))
    return found if plain_at(words, at - 1) in lexicon.words.at else None


def _asked_at(words: list[Word], at: int, lexicon: Lexicon) -> bool:
    before = plain_at(words, at - 1)
    if at == 0 or before in lexicon.words.at or before in lexicon.words.to:
        return True
    return before in AND and any(plain_at(words, at - back) in lexicon.words.between for back in range(2, BETWEEN))


def _goes_on(words: list[Word], at: int, lexicon: Lexicon) -> bool:
    word = plain_at(words, at)
    return pauses(words, at) or word in lexicon.words.followers or word in lexicon.weekdays


def _gap(words: list[Word], at: int) -> int:
    return words[at + 1].start - words[at].end


def _clock(hour: int, minutes: int, half: str | None, last: int, sure: float) -> Clock | None:
    """Put an hour, minutes from it (back when negative) and a half of the day together."""
    if not 0 <= hour <= HOURS or abs(minutes) > 59:
        return None
    later = half in ("pm", "afternoon", "evening") or (half == "night" and hour >= NIGHT_BEGINS)
    if hour == 12 and half in ("am", "night"):
        hour = 0
    elif later and hour < 12:
        hour += 12
    total = (hour * 60 + minutes) % (HOURS * 60)
    return Clock(time(total // 60, total % 60), last, sure)
