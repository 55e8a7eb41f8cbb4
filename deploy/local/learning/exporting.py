"""Writes a trained model as services load it: what each word contributes to each finding, and the card."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deploy.local.learning.features import DENIED, PAIR, Features, sound
from deploy.local.learning.fitting import Scores, Trained
from deploy.local.learning.words import COLUMNS
from services.triage.adapters.model_file import CARD, HOME, NUMBERS, Card, version_of
from services.triage.adapters.model_words import SHOUT, pieces

NOTHING = 0.004
"""What speaks less than this for and against every finding is left out."""


def contributions(features: Features, weights: Scores) -> tuple[list[str], Scores, list[str], Scores]:
    """Give the words, pairs and denied words with what each contributes, and the pieces, for words that are unknown.

    `weights` has a row for each feature and a column for each finding.
    """
    count, parts, size = len(features.words), len(features.parts), features.known.vectors.shape[1]
    word_weights = weights[:count] * np.array(features.word_scales)[:, None]
    part_weights = weights[count : count + parts] * np.array(features.part_scales)[:, None]
    vector_weights = weights[count + parts : count + parts + size] * features.vector_scale
    sound_weights = weights[-len(COLUMNS) :]
    own = {word: word_weights[at] for at, word in enumerate(features.words)}
    part_at = {part: at for at, part in enumerate(features.parts)}
    known = features.known
    plain = (
        {w for w in own if PAIR not in w and not w.startswith(DENIED)}
        | set(known.index)
        | set(known.valence)
        | set(known.coarse)
    )
    rows: dict[str, Scores] = {}
    for word in plain:
        total = own.get(word, 0.0) + sound(word, False, known) @ sound_weights
        if word in known.index:
            total = total + known.vectors[known.index[word]] @ vector_weights
        places = [part_at[piece] for piece in pieces(word) if piece in part_at] if word != SHOUT else []
        rows[word] = total + part_weights[places].sum(axis=0)
    for word in {w for w in own if w.startswith(DENIED)} | {DENIED + w for w in known.valence}:
        bare = word.removeprefix(DENIED)
        change = sound(bare, True, known) - sound(bare, False, known)
        rows[word] = own.get(word, 0.0) + change @ sound_weights
    rows |= {word: row for word, row in own.items() if PAIR in word}
    names = sorted(w for w, row in rows.items() if w in plain or np.abs(row).max() >= NOTHING)
    kept = [at for at in range(parts) if np.abs(part_weights[at]).max() >= NOTHING / 4]
    return names, np.stack([rows[w] for w in names]), [features.parts[at] for at in kept], part_weights[kept]


def write_model(out: Path, trained: Trained, card: Mapping[str, Any]) -> Card:
    """Write model.npz and card.json; the same input gives the same bytes."""
    findings = sorted(trained.heads)
    heads = [trained.heads[finding] for finding in findings]
    weights = np.stack([head.weights * head.slope for head in heads], axis=1)
    bias = np.array([head.bias * head.slope + head.shift for head in heads])
    words, word_rows, parts, part_rows = contributions(trained.features, weights)
    learnt = set(trained.features.words)
    out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        out / NUMBERS,
        words=text(words),
        weights=word_rows.astype(np.float16),
        taught=np.array([HOME if w in trained.features.home else w in learnt for w in words], dtype=np.uint8),
        parts=text(parts),
        part_weights=part_rows.astype(np.float16),
        bias=bias.astype(np.float32),
    )
    sha256 = hashlib.sha256((out / NUMBERS).read_bytes()).hexdigest()
    unnamed = Card.model_validate({**card, "version": "", "numbers_sha256": sha256, "findings": findings})
    named = unnamed.model_copy(update={"version": version_of(unnamed)})
    text_of = json.dumps(named.model_dump(mode="json"), indent=1, sort_keys=True, ensure_ascii=False)
    (out / CARD).write_text(text_of + "\n", "utf-8")
    return named


def text(words: Sequence[str]) -> NDArray[np.uint8]:
    """Give words as an array of bytes, one a line."""
    return np.frombuffer("\n".join(words).encode(), dtype=np.uint8)
