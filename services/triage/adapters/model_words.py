"""Cuts a message into the units that the model weighs; training and reading must cut alike."""

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"[^\W\d_]+?(?=n['’]t\b)|n['’]t\b|['’](?:s|re|ve|ll|d|m)\b|\d+(?:[.,:]\d+)*|[^\W\d_]+|[!?]+|[^\w\s]", re.IGNORECASE
)
_STRETCHED = re.compile(r"(.)\1{2,}")
_DENIALS = frozenset({"not", "n't", "no", "never", "without", "cannot", "cant", "nor", "neither", "hardly"})
_STOPS = frozenset(".!?;,")
_REACH = 3
NUMBER = "#"
SHOUT = "<caps>"


class Unit(NamedTuple):
    """A word or mark in its plain form, at [start, end) of the text; `denied` when a "not" stands shortly before it."""

    plain: str
    start: int
    end: int
    denied: bool
    shouted: bool


def units(text: str) -> Iterator[Unit]:
    """Cut a text into words, numbers (all alike) and marks."""
    reach = 0
    for match in _TOKEN.finditer(text):
        raw = match[0]
        word = raw.lower().replace("’", "'")
        first = word[0]
        if first.isdigit():
            word = NUMBER
        elif first in "!?":
            word = first
        elif len(word) > 3:
            word = _STRETCHED.sub(r"\1\1", word)
        yield Unit(word, match.start(), match.end(), reach > 0, len(raw) > 2 and raw.isupper())
        if word in _DENIALS:
            reach = _REACH
        elif word in _STOPS:
            reach = 0
        elif reach:
            reach -= 1


def pieces(word: str) -> list[str]:
    """Give the runs of 2 to 5 letters of a word, its ends marked by spaces: what a word unknown to us is judged by."""
    if not word[0].isalpha():
        return []
    padded = f" {word} "
    return [padded[at : at + size] for size in range(2, 6) for at in range(len(padded) - size + 1)]
