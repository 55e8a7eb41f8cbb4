"""A reply taken apart: its sentences, what each of them does, and which words are quoted from a clause."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from services.triage.domain.policies.phrases import PhraseBook, Word, compile_book, find, parse_phrase, words_of

SENTENCE = re.compile(
    r"\S[^\n]*?(?:(?<!\bDr)(?<!\bMr)(?<!\bMs)(?<!\bSr)(?<!\bMrs)(?<!\bSra)(?<!\bMme)(?<!\bHr)(?<!\bFr)"
    r"[.!?…]+[\"”»“)*]*(?=\s|$)|(?=\n)|$)"
)
QUOTED = re.compile(r"\"[^\"\n]{12,}\"|“[^”\n]{12,}”|«[^»\n]{12,}»|„[^“\n]{12,}“")
STEM = 5
CONTENT = 4
ENOUGH = 0.6


@dataclass(frozen=True, slots=True)
class Act:
    """Something that the words [start, end) do, such as `refuses`; `sentence` is the number of their sentence."""

    does: str
    start: int
    end: int
    sentence: int


@dataclass(frozen=True, slots=True)
class Taken:
    """A reply in parts: sentences as [start, end) of the text, and the acts in the order of the text."""

    text: str
    sentences: tuple[tuple[int, int], ...]
    acts: tuple[Act, ...]

    def of(self, does: str) -> list[Act]:
        """Give the acts of one sort."""
        return [act for act in self.acts if act.does == does]

    def within(self, sentence: int, does: str) -> list[Act]:
        """Give the acts of one sort in one sentence."""
        return [act for act in self.acts if act.sentence == sentence and act.does == does]

    def sentence(self, number: int) -> str:
        """Give the words of one sentence."""
        start, end = self.sentences[number]
        return self.text[start:end]


@dataclass(frozen=True, slots=True)
class Phrasing:
    """The phrases of one language, compiled; `does` names what the rule of each number does."""

    book: PhraseBook
    does: tuple[str, ...]


def compile_phrases(phrases: Mapping[str, Iterable[str]], lists: Mapping[str, tuple[str, ...]]) -> Phrasing:
    """Compile phrases by what they do; raises ValueError naming the act and what is wrong with its phrase."""
    does: list[str] = []
    patterns = []
    for act, written in phrases.items():
        for phrase in written:
            try:
                patterns += parse_phrase(phrase, lists, len(does))
            except ValueError as error:
                raise ValueError(f"{act}: {error}") from error
        does.append(act)
    return Phrasing(compile_book(patterns), tuple(does))


def take_apart(text: str, phrasing: Phrasing) -> Taken:
    """Find what a reply does, sentence by sentence; words quoted from a clause do nothing themselves."""
    sentences = tuple((m.start(), m.end()) for m in SENTENCE.finditer(text))
    quoted = [(m.start(), m.end()) for m in QUOTED.finditer(text)]
    acts = [
        Act(phrasing.does[rule], words[first].start, words[last].end, number)
        for number, (start, end) in enumerate(sentences)
        for words in [list(words_of(text, start, end))]
        for rule, first, last in find(phrasing.book, words)
        if not any(a <= words[first].start < b for a, b in quoted)
    ]
    return Taken(text, sentences, tuple(sorted(set(acts), key=lambda act: (act.start, -act.end))))


def stretches(acts: Iterable[Act]) -> list[tuple[int, int]]:
    """Give the stretches that acts cover; acts that overlap are one."""
    covered: list[tuple[int, int]] = []
    for act in acts:
        if covered and act.start < covered[-1][1]:
            covered[-1] = (covered[-1][0], max(act.end, covered[-1][1]))
        else:
            covered.append((act.start, act.end))
    return covered


def content(text: str, empty: frozenset[str]) -> set[str]:
    """Give the beginnings of the words that say something: the long ones, without those that `empty` names."""
    return set(_content(words_of(text), empty))


def _content(words: Iterable[Word], empty: frozenset[str]) -> Iterator[str]:
    for word in words:
        if len(word.plain) >= CONTENT and word.plain not in empty:
            yield word.plain[:STEM]


def says(text: str, said: str, empty: frozenset[str]) -> bool:
    """Tell whether a text says what `said` says: most of its content words occur."""
    wanted = content(said, empty)
    return bool(wanted) and len(wanted & content(text, empty)) >= ENOUGH * len(wanted)
