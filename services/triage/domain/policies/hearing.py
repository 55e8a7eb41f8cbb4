"""Compares two transcripts of the same speech, and says where they differ in what matters."""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from services.triage.domain.policies.phrases import Word, words_of
from services.triage.domain.policies.rulebook import AssessmentRules
from services.triage.domain.policies.spoken import number_run
from services.triage.domain.policies.time_words import BREAKS
from shared.contracts.said import Doubt

Matter = Literal["amount", "date", "number", "negation", "name"]
FINDINGS: dict[Matter, str] = {
    "amount": "fact:amount",
    "date": "fact:date",
    "number": "fact:number",
    "negation": "negation",
    "name": "fact:name",
}
MOST_WORDS = 1500
NAME_CUE = ("name", "is")
JUDGE = "second-transcript"


@dataclass(frozen=True, slots=True)
class _Heard:
    """A word, or a run of numbers as one, in the form in which transcripts are compared."""

    form: str
    matter: Matter | None
    start: int
    end: int


def doubts(text: str, other: str, rules: AssessmentRules) -> tuple[Doubt, ...]:
    """Give where another transcript of `text` has other amounts, dates, numbers, names, or a "not" more or less.

    Numbers are compared by value, so "one hundred twenty" and 120 are the same.
    """
    here, there = list(_heard(text, rules))[:MOST_WORDS], list(_heard(other, rules))[:MOST_WORDS]
    if not here or not there:
        return ()
    compared = SequenceMatcher(None, [h.form for h in here], [h.form for h in there], autojunk=False)
    found = []
    for same, first, last, first_other, last_other in compared.get_opcodes():
        if same == "equal":
            continue
        one, rival = here[first:last], there[first_other:last_other]
        matter = next((m for m in FINDINGS if any(h.matter == m for h in (*one, *rival))), None)
        if matter is None:
            continue
        place = [h for h in one if h.matter == matter] or one or [here[min(first, len(here) - 1)]]
        found.append(
            Doubt(
                start=place[0].start,
                end=place[-1].end,
                confidence=0.9 if one and rival else 0.7,
                judged_by=JUDGE,
                finding=FINDINGS[matter],
                one=text[one[0].start : one[-1].end] if one else "",
                other=other[rival[0].start : rival[-1].end] if rival else "",
            )
        )
    return tuple(found)


def _heard(text: str, rules: AssessmentRules) -> Iterator[_Heard]:
    words = [word for word in words_of(text) if word.plain not in BREAKS and word.plain != "?"]
    at = 0
    while at < len(words):
        last, parts = number_run(words, at, rules)
        digits = "".join(map(str, parts))
        if digits:
            matter = _matter_of_number(text, words, at, last, rules)
            yield _Heard(f"#{digits}", matter, words[at].start, words[last].end)
        else:
            yield _Heard(words[at].plain, _matter_of_word(text, words, at, rules), words[at].start, words[at].end)
        at = last + 1


def _matter_of_number(text: str, words: list[Word], first: int, last: int, rules: AssessmentRules) -> Matter:
    before = text[max(words[first].start - 2, 0) : words[first].start].strip().lower()
    after = words[last + 1].plain if last + 1 < len(words) else ""
    signs = text[words[last].end : words[last].end + 2].strip().lower()
    if before in rules.currencies or after in rules.currencies or signs[:1] in rules.currencies:
        return "amount"
    near = [word.plain for word in words[max(first - 2, 0) : first] + words[last + 1 : last + 4]]
    times = rules.times
    dated = any(
        w in times.months or w in times.weekdays or w in times.words.units or w in times.words.ordinal_marks
        for w in near
    )
    return "date" if dated or ":" in words[first].plain else "number"


def _matter_of_word(text: str, words: list[Word], at: int, rules: AssessmentRules) -> Matter | None:
    word, times = words[at].plain, rules.times
    if word in times.months or word in times.weekdays or word in times.days or word in times.words.ordinals:
        return "date"
    if word in rules.negations:
        return "negation"
    cued = any(tuple(w.plain for w in words[at - n - 1 : at - n + 1]) == NAME_CUE for n in (1, 2) if at > n)
    capital = (
        text[words[at].start].isupper() and at > 0 and text[words[at].start - 2 : words[at].start - 1] not in ".!?\n"
    )
    return "name" if cued or (capital and len(word) > 1) else None
