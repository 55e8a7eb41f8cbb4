"""Promises in a reply, and whether something backs them: a clause or a decision, its time and its amount."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import floor
from re import Match

from services.triage.domain.policies.facts import Stated
from services.triage.domain.policies.phrases import plain
from services.triage.domain.policies.reply_check_rules import Unit, Words
from services.triage.domain.policies.reply_parts import Act, Taken, take_apart
from shared.contracts.values import Money

DEED = "deed:"
SHARE = re.compile(r"(\d{1,3}(?:[.,]\d+)?)\s?(?:%|per ?cent\b|percent\b|por ciento\b|pour cent\b|Prozent\b)")
WORKING_DAYS: dict[Unit, Decimal] = {
    "hour": Decimal(0),
    "day": Decimal(1),
    "working_day": Decimal(1),
    "week": Decimal(5),
    "month": Decimal(21),
}
CALENDAR = Decimal(5) / Decimal(7)
Amounts = Callable[[str], Sequence[Stated]]
"""Finds the amounts of money in a text."""


@dataclass(frozen=True, slots=True)
class Backed:
    """What may be promised: by clause or decision, `what` in words, in how many working days, up to which amount."""

    reference: str
    what: str
    working_days: int | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Unbacked:
    """The words [start, end) of a reply promise something that nothing known backs; `what` says so."""

    start: int
    end: int
    what: str


def unbacked(taken: Taken, words: Words, backings: Sequence[Backed], amounts: Amounts) -> Iterator[Unbacked]:
    """Give every promise that goes beyond the backings: in deed, in time, or in amount."""
    deeds = {act.does for b in backings for act in take_apart(b.what, words.phrasing).acts if act.does.startswith(DEED)}
    for number, (start, end) in enumerate(taken.sentences):
        sentence = taken.text[start:end]
        commits = [act for act in taken.within(number, "commits") if not _denied(act, taken)]
        assures = [act for act in taken.within(number, "assures") if not _denied(act, taken)]
        promised = commits + assures
        if promised:
            first = min(act.start for act in promised)
            yield from _deeds(taken, number, first, deeds, backings)
            for match in words.times.finditer(sentence):
                if not _in_time(match, words, backings):
                    told = f"{match[0]!r} is sooner than, or not in, what is backed"
                    yield Unbacked(start + match.start(), start + match.end(), told)
            if assures and not any(act.does in deeds for act in taken.acts if act.sentence == number):
                yield Unbacked(assures[0].start, assures[0].end, "nothing known backs a guarantee")
        if promised or (taken.within(number, "offers") and not taken.within(number, "refuses")):
            yield from _amounts(sentence, start, backings, amounts)


def _denied(act: Act, taken: Taken) -> bool:
    return any(no.start <= act.end and act.start <= no.end for no in taken.within(act.sentence, "refuses"))


def _deeds(taken: Taken, number: int, first: int, backed: set[str], backings: Sequence[Backed]) -> Iterator[Unbacked]:
    seen: set[str] = set()
    for act in taken.acts:
        if act.sentence != number or not act.does.startswith(DEED) or act.end < first or act.does in seen:
            continue
        seen.add(act.does)
        if act.does not in backed:
            known = "; ".join(b.what for b in backings if b.what) or "nothing"
            name = act.does.removeprefix(DEED).replace("_", " ")
            yield Unbacked(min(first, act.start), act.end, f"a promise of {name}; what is backed: {known}")


def _in_time(match: Match[str], words: Words, backings: Sequence[Backed]) -> bool:
    allowed = [b.working_days for b in backings if b.working_days is not None]
    allowed += [working_days(said, words) for b in backings for said in words.times.finditer(b.what)]
    return bool(allowed) and working_days(match, words) >= min(allowed)


def working_days(match: Match[str], words: Words) -> int:
    """Give the working days that a time means at its latest, calendar days counted as five of seven, rounded down."""
    number = plain(match["most"] or match["least"])
    count = Decimal(number) if number.isdecimal() else Decimal(words.numbers[number])
    unit = next(unit for unit, names in words.written.units.items() if match["unit"].casefold() in names)
    days = count * WORKING_DAYS[unit]
    return floor(days if unit != "day" or match["before"] or match["after"] else days * CALENDAR)


def _amounts(sentence: str, start: int, backings: Sequence[Backed], amounts: Amounts) -> Iterator[Unbacked]:
    allowed = [b.amount for b in backings if b.amount] + [s.money for b in backings for s in amounts(b.what)]
    for said in amounts(sentence):
        if not any(a.currency == said.money.currency and said.money.amount <= a.amount for a in allowed):
            told = f"{said.money.amount.normalize():f} {said.money.currency} is more than what is backed"
            yield Unbacked(start + said.start, start + said.end, told)
    shares = [_share(m) for b in backings for m in SHARE.finditer(b.what)]
    for match in SHARE.finditer(sentence):
        if not any(_share(match) <= share for share in shares):
            yield Unbacked(start + match.start(), start + match.end(), f"{match[0]} is more than what is backed")


def _share(match: Match[str]) -> Decimal:
    return Decimal(match[1].replace(",", "."))
