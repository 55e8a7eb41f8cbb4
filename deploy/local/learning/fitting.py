"""Fits one linear head a finding, and makes its scores probabilities by what it says of texts it never saw."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from deploy.local.learning.features import Features, learn_features
from deploy.local.learning.items import Item
from deploy.local.learning.words import WordKnowledge

FOLDS = 10
STRENGTH = 0.3
STRENGTHS = {"tone:angry": 0.2, "kind:product_or_service_failure": 2.0}
"""How closely a head follows its texts: less where they are few and disagree, more where they are many and plain."""
SEED = 20261124
LEAST_POSITIVE = 20
Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Head:
    """A finding's weights over the features; `slope` and `shift` make a score a probability."""

    finding: str
    weights: Scores
    bias: float
    slope: float = 1.0
    shift: float = 0.0

    def scores(self, matrix: csr_matrix) -> Scores:
        """Give the uncalibrated score of each row."""
        return np.asarray(matrix @ self.weights).ravel() + self.bias


@dataclass(frozen=True)
class Trained:
    """Features, and the heads over them."""

    features: Features
    heads: Mapping[str, Head]


def fold_of(item: Item, folds: int = FOLDS) -> int:
    """Give the fold that an item and everything cut from it fall into; it depends on nothing but its id."""
    return int.from_bytes(sha256(item.id.encode()).digest()[-4:], "big") % folds


def findings_of(items: Sequence[Item]) -> list[str]:
    """Give the findings that enough items hold and enough do not, in order."""
    taught: dict[str, list[int]] = {}
    for item in items:
        for finding, label in item.labels.items():
            if label.weight and label.counts:
                taught.setdefault(finding, [0, 0])[label.holds] += 1
    return sorted(finding for finding, (no, yes) in taught.items() if yes >= LEAST_POSITIVE and no >= LEAST_POSITIVE)


def homes_of(items: Sequence[Item]) -> frozenset[str]:
    """Give the sets that teach what customers ask for."""
    return frozenset(
        item.origin
        for item in items
        if any(label.counts and label.weight and f.startswith(("kind:", "remedy:")) for f, label in item.labels.items())
    )


def splits(items: Sequence[Item], folds: int = FOLDS) -> Iterator[tuple[list[Item], list[Item]]]:
    """Give (to learn from, to be judged) for every fold; near-identical texts are never on both sides."""
    places = [fold_of(item, folds) for item in items]
    keys = [item.key for item in items]
    for fold in range(folds):
        judged = [item for item, place in zip(items, places, strict=True) if place == fold]
        seen = {key for key, place in zip(keys, places, strict=True) if place == fold and key}
        learnt = [
            item for item, place, key in zip(items, places, keys, strict=True) if place != fold and key not in seen
        ]
        yield learnt, judged


def fit(items: Sequence[Item], known: WordKnowledge, findings: Sequence[str]) -> Trained:
    """Fit a head for each finding, uncalibrated."""
    texts, homes = [item.text for item in items], homes_of(items)
    features = learn_features(texts, [item.origin in homes for item in items], known)
    matrix = features.matrix(texts)
    return Trained(features, {finding: _fit_head(finding, items, matrix) for finding in findings})


def _fit_head(finding: str, items: Sequence[Item], matrix: csr_matrix) -> Head:
    rows = [at for at, item in enumerate(items) if finding in item.labels and item.labels[finding].weight]
    labels = [items[at].labels[finding] for at in rows]
    holds = np.array([label.holds for label in labels], dtype=np.int64)
    weights = np.array([label.weight for label in labels])
    model = LogisticRegression(
        C=STRENGTHS.get(finding, STRENGTH),
        class_weight="balanced",
        solver="liblinear",
        random_state=SEED,
        max_iter=2000,
    )
    model.fit(matrix[rows], holds, sample_weight=weights)
    return Head(finding, np.asarray(model.coef_[0]), float(model.intercept_[0]))


def calibration(scores: Scores, holds: NDArray[np.int64]) -> tuple[float, float]:
    """Give slope and shift (Platt) that make scores of unseen texts probabilities."""
    model = LogisticRegression(C=1e6, solver="lbfgs", max_iter=1000)
    model.fit(scores[:, None], holds)
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def probability(scores: Scores, slope: float, shift: float) -> Scores:
    """Give the probability that each score stands for."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(slope * scores + shift, -30, 30))))
