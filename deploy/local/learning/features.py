"""What a text is weighed by: its words, pairs and pieces of words, and what is known of the words beforehand.

Every feature is a sum over the text's units divided by the root of their number, so a model linear in the features
is a sum over units too: reading needs no vectors, only each word's own contribution to each finding.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

import numpy as np
from scipy.sparse import csr_matrix, hstack

from deploy.local.learning.words import COLUMNS, WordKnowledge
from services.triage.adapters.model_words import SHOUT, pieces, units

PAIR, DENIED = " ", "~"
LEAST_PAIRS, LEAST_PIECES, LEAST_HOME = 2, 2, 3
WORD_SCALE, PIECE_SCALE, VECTOR_SCALE, SOUND_SCALE = 0.35, 0.117, 1.5, 0.6
DENIED_SHARE = 0.74
"""A denied word sounds so much less good or bad, and the other way round (as in the lexicon's own rules)."""


def word_features(text: str) -> tuple[list[str], list[tuple[str, bool]]]:
    """Give a text's word features (words, denied words, pairs), and its units with whether each is denied."""
    found: list[str] = []
    plain: list[tuple[str, bool]] = []
    before = "^"
    for unit in units(text):
        found.append(unit.plain)
        found.append(f"{before}{PAIR}{unit.plain}")
        if unit.denied:
            found.append(f"{DENIED}{unit.plain}")
        if unit.shouted:
            found.append(SHOUT)
        plain.append((unit.plain, unit.denied))
        before = unit.plain
    return found, plain


@dataclass(frozen=True)
class Features:
    """The features learnt from training texts; `matrix` weighs any texts by them."""

    words: Sequence[str]
    word_scales: Sequence[float]
    parts: Sequence[str]
    part_scales: Sequence[float]
    known: WordKnowledge
    home: frozenset[str] = frozenset()
    """The words that are common in the texts that teach what customers ask for."""

    def at_home(self, text: str) -> bool:
        """Tell whether a text holds no other words than those."""
        return all(unit.plain in self.home for unit in units(text) if unit.plain[0].isalpha())

    @cached_property
    def _at(self) -> tuple[dict[str, int], dict[str, int]]:
        return {w: at for at, w in enumerate(self.words)}, {p: at for at, p in enumerate(self.parts)}

    @cached_property
    def vector_scale(self) -> float:
        """Give the factor that brings word vectors to the other features' size."""
        return VECTOR_SCALE / float(np.linalg.norm(self.known.vectors[:5000], axis=1).mean())

    @property
    def width(self) -> int:
        """Give the number of columns: words, pieces, vector dimensions, and the `COLUMNS` of sound."""
        return len(self.words) + len(self.parts) + int(self.known.vectors.shape[1]) + len(COLUMNS)

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """Give one row of features for each text."""
        word_at, part_at = self._at
        words, parts = _Sparse(), _Sparse()
        dense = np.zeros((len(texts), self.known.vectors.shape[1] + len(COLUMNS)), dtype=np.float64)
        for row, text in enumerate(texts):
            found, plain = word_features(text)
            root = max(len(plain), 1) ** 0.5
            words.add((word_at[w] for w in found if w in word_at), self.word_scales, root)
            parts.add((part_at[p] for w, _ in plain for p in pieces(w) if p in part_at), self.part_scales, root)
            rows = [self.known.index[w] for w, _ in plain if w in self.known.index]
            if rows:
                dense[row, : -len(COLUMNS)] = self.known.vectors[rows].sum(axis=0) * (self.vector_scale / root)
            for word, denied in plain:
                dense[row, -len(COLUMNS) :] += sound(word, denied, self.known) / root
        shape = (len(texts), len(self.words)), (len(texts), len(self.parts))
        return hstack([words.built(shape[0]), parts.built(shape[1]), csr_matrix(dense)]).tocsr()


class _Sparse:
    """Rows of a sparse matrix as they come."""

    def __init__(self) -> None:
        self.columns: list[int] = []
        self.values: list[float] = []
        self.ends = [0]

    def add(self, found: Iterable[int], scales: Sequence[float], root: float) -> None:
        for column, times in sorted(Counter(found).items()):
            self.columns.append(column)
            self.values.append(times * scales[column] / root)
        self.ends.append(len(self.columns))

    def built(self, shape: tuple[int, int]) -> csr_matrix:
        return csr_matrix((np.array(self.values), np.array(self.columns, dtype=np.int64), np.array(self.ends)), shape)


def sound(word: str, denied: bool, known: WordKnowledge) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give the `COLUMNS` of one word: how pleasant, how unpleasant, how coarse, and coarse without what softens."""
    valence = known.valence.get(word, 0.0) * (-DENIED_SHARE if denied else 1.0)
    coarse = known.coarse.get(word, 0.0)
    return np.array([max(valence, 0.0), max(-valence, 0.0), coarse, max(coarse, 0.0)]) * SOUND_SCALE


def learn_features(texts: Sequence[str], at_home: Sequence[bool], known: WordKnowledge) -> Features:
    """Choose the words and pieces that occur in enough texts, weighed by how rare they are (idf)."""
    word_seen: Counter[str] = Counter()
    part_seen: Counter[str] = Counter()
    home: Counter[str] = Counter()
    for text, teaches in zip(texts, at_home, strict=True):
        found, plain = word_features(text)
        word_seen.update(set(found))
        if teaches:
            home.update({word for word, _ in plain})
        part_seen.update({piece for word, _ in plain for piece in pieces(word)})
    total = max(len(texts), 1)
    words = sorted(w for w, seen in word_seen.items() if PAIR not in w or seen >= LEAST_PAIRS)
    parts = sorted(p for p, seen in part_seen.items() if seen >= LEAST_PIECES)
    return Features(
        words,
        [WORD_SCALE * log(total / word_seen[w]) for w in words],
        parts,
        [PIECE_SCALE * log(total / part_seen[p]) for p in parts],
        known,
        frozenset(word for word, seen in home.items() if seen >= LEAST_HOME),
    )
