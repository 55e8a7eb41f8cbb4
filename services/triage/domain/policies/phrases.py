"""Phrases as data: a small pattern language over words, compiled once, matched in one pass."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

GAP = 3
STEM = 3
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|\w+(?:['’ʼ]\w+)*|[?]|[.!;]|\n\s*\n")
_MARKS = str.maketrans("", "", "'’ʼ")
_BREAKS = frozenset({".", "!", ";", "?", ""})
_START, _END = "^", "$"
QUESTION = "?"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text in its plain form (lower case, no accents, no apostrophes), at [start, end) of the text."""

    plain: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Step:
    """One place of a pattern: whole words, beginnings of words, or (both empty) a gap of at most `gap` words."""

    words: frozenset[str]
    stems: tuple[str, ...] = ()
    gap: int = 0

    def takes(self, plain: str) -> bool:
        """Whether this step matches one word, in lower case and without accents."""
        return plain in self.words or (bool(self.stems) and plain.startswith(self.stems))


@dataclass(frozen=True, slots=True)
class Pattern:
    """One phrase of the rule numbered `rule`; `opens` and `closes` tie it to the ends of the text."""

    rule: int
    steps: tuple[Step, ...]
    opens: bool
    closes: bool


@dataclass(frozen=True, slots=True)
class PhraseBook:
    """Every pattern, found by the word or the first letters that it begins with."""

    by_word: Mapping[str, tuple[Pattern, ...]]
    by_stem: Mapping[str, tuple[Pattern, ...]]


def plain(text: str) -> str:
    """Give the plain form of a word: lower case, without accents and apostrophes."""
    folded = text.strip().casefold().translate(_MARKS)
    if folded.isascii():
        return folded
    return "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))


def words_of(text: str, start: int = 0, end: int | None = None) -> Iterator[Word]:
    """Cut text[start:end] into words and sentence marks, with their places in the whole text."""
    for match in _TOKEN.finditer(text, start, len(text) if end is None else end):
        yield Word(plain(match[0]), match.start(), match.end())


def sentences_of(words: Sequence[Word], breaks: Iterable[int]) -> list[tuple[int, int]]:
    """Give the sentences as [first, last] words: they end at marks, and where `breaks` says that a new line begins."""
    begun, found, start = frozenset(breaks), [], 0
    for at, word in enumerate(words):
        if at in begun and at > start:
            found.append((start, at - 1))
            start = at
        if word.plain in _BREAKS or word.plain == QUESTION:
            if at > start or (word.plain == QUESTION and at == start):
                found.append((start, at))
            start = at + 1
    if start < len(words):
        found.append((start, len(words) - 1))
    return found


def parse_phrase(phrase: str, lists: Mapping[str, tuple[str, ...]], rule: int) -> list[Pattern]:
    """Read one phrase into patterns, one for each way of saying it.

    `a|b` alternatives, `word*` any ending, `word?` optional, `{name}` a word list (members may be of several words),
    `..` a gap of up to 3 words and `..N` of up to N, `^` the text's beginning, `$` its end, `?` a question mark.
    Raises ValueError, saying what is wrong with the phrase.
    """
    elements = phrase.split()
    opens, closes = elements[:1] == [_START], elements[-1:] == [_END]
    choices = [_choices(e, lists) for e in elements if e not in (_START, _END)]
    patterns = []
    for chosen in product(*choices):
        steps = tuple(step for steps in chosen for step in steps)
        if not steps or steps[0].gap or steps[-1].gap:
            raise ValueError(f"phrase {phrase!r} must begin and end with a word; move or remove the gap")
        patterns.append(Pattern(rule, steps, opens, closes))
    return patterns


def _choices(element: str, lists: Mapping[str, tuple[str, ...]]) -> list[tuple[Step, ...]]:
    if element.startswith(".."):
        if element[2:] and not element[2:].isdigit():
            raise ValueError(f"gap {element!r} must be `..` or `..N`")
        return [(Step(frozenset(), (), int(element[2:] or GAP)),)]
    optional = len(element) > 1 and element.endswith("?")
    members: list[str] = []
    for part in (element.removesuffix("?") if optional else element).split("|"):
        members.extend(_members(part, lists) if part.startswith("{") else (part,))
    choices: list[tuple[Step, ...]] = [
        tuple(_step([word]) for word in member.split()) for member in members if " " in member
    ]
    if single := [member for member in members if " " not in member]:
        choices.append((_step(single),))
    return [*choices, ()] if optional else choices


def _members(part: str, lists: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    name = part.strip("{}")
    if name not in lists:
        raise ValueError(f"word list {name!r} does not exist; add it to words.yaml or correct the name")
    return lists[name]


def _step(parts: list[str]) -> Step:
    words: set[str] = set()
    stems: set[str] = set()
    for part in parts:
        if part.endswith("*"):
            if len(plain(part[:-1])) < STEM:
                raise ValueError(f"{part!r} is too short: at least {STEM} letters must stand before `*`")
            stems.add(plain(part[:-1]))
        elif part == "?" or re.fullmatch(r"\w+(?:['’]\w+)*", part):
            words.add(plain(part))
        else:
            raise ValueError(f"{part!r} is no word; write words, `a|b`, `word*`, `word?`, `{{list}}`, `..` or `..N`")
    return Step(frozenset(words), tuple(sorted(stems)))


def compile_book(patterns: Iterable[Pattern]) -> PhraseBook:
    """Index patterns by how they begin."""
    by_word: dict[str, list[Pattern]] = {}
    by_stem: dict[str, list[Pattern]] = {}
    for pattern in patterns:
        for word in pattern.steps[0].words:
            by_word.setdefault(word, []).append(pattern)
        for stem in {s[:STEM] for s in pattern.steps[0].stems}:
            by_stem.setdefault(stem, []).append(pattern)
    return PhraseBook({k: tuple(v) for k, v in by_word.items()}, {k: tuple(v) for k, v in by_stem.items()})


def find(book: PhraseBook, words: list[Word]) -> Iterator[tuple[int, int, int]]:
    """Give (rule, first word, last word) of every phrase found, in the order of the text."""
    by_word, by_stem = book.by_word, book.by_stem
    for at, word in enumerate(words):
        candidates = by_word.get(word.plain, ()) + by_stem.get(word.plain[:STEM], ())
        for pattern in candidates:
            if pattern.opens and at:
                continue
            last = _match(pattern.steps, 0, words, at)
            if last >= 0 and not (pattern.closes and _says_more(words, last + 1)):
                yield pattern.rule, at, last


def _match(steps: tuple[Step, ...], step: int, words: list[Word], at: int) -> int:
    """Give the place of the last word that the steps from `step` on take, from `at` on; -1 when they do not fit."""
    while True:
        current = steps[step]
        if current.gap:
            for skipped in range(current.gap + 1):
                last = _match(steps, step + 1, words, at + skipped)
                if last >= 0:
                    return last
                if at + skipped >= len(words) or words[at + skipped].plain in _BREAKS:
                    return -1
            return -1
        if at >= len(words) or not current.takes(words[at].plain):
            return -1
        step += 1
        if step == len(steps):
            return at
        at += 1


def _says_more(words: list[Word], at: int) -> bool:
    return any(word.plain not in _BREAKS for word in words[at:])


def negated(words: list[Word], at: int, negations: frozenset[str], reach: int = 3) -> bool:
    """Tell whether one of the `reach` words before `at`, in the same sentence, denies what follows."""
    for before in range(at - 1, max(at - reach, 0) - 1, -1):
        if words[before].plain in _BREAKS:
            return False
        if words[before].plain in negations:
            return True
    return False
