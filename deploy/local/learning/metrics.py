"""Precision, recall and F1 of a finding, beside what guessing the commoner answer every time gives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
ABOUT = 0.01


@dataclass(frozen=True, slots=True)
class Counts:
    """How often a finding was said and held; figures are shares from 0 to 1, and 0 where nothing can be divided."""

    both: int
    said: int
    held: int
    total: int

    @property
    def precision(self) -> float:
        """Give the share of what was said that holds."""
        return self.both / self.said if self.said else 0.0

    @property
    def recall(self) -> float:
        """Give the share of what holds that was said."""
        return self.both / self.held if self.held else 0.0

    @property
    def f1(self) -> float:
        """Give the harmonic mean of precision and recall."""
        return 2 * self.both / (self.said + self.held) if self.said + self.held else 0.0

    @property
    def accuracy(self) -> float:
        """Give the share of texts judged rightly."""
        return (self.total - self.said - self.held + 2 * self.both) / self.total if self.total else 0.0

    @property
    def majority_f1(self) -> float:
        """Give the F1 of always answering what is commoner."""
        return 2 * self.held / (self.total + self.held) if 2 * self.held > self.total else 0.0

    @property
    def majority_accuracy(self) -> float:
        """Give the accuracy of always answering what is commoner."""
        return max(self.held, self.total - self.held) / self.total if self.total else 0.0


def count(said: Sequence[bool] | Bools, held: Sequence[bool] | Bools) -> Counts:
    """Count what was said against what holds."""
    said_, held_ = np.asarray(said, dtype=np.bool_), np.asarray(held, dtype=np.bool_)
    return Counts(int((said_ & held_).sum()), int(said_.sum()), int(held_.sum()), len(held_))


def best_threshold(chances: NDArray[np.float64], held: Bools, *, by_accuracy: bool = False) -> float:
    """Give the probability from which on saying yes gives the best F1, or the best accuracy.

    Of all thresholds that are about as good, the middle one: the very best is often luck of the texts at hand.
    """
    order = np.argsort(-chances, kind="stable")
    both, said = np.cumsum(held[order]), np.arange(1, len(held) + 1)
    right = len(held) - said - held.sum() + 2 * both
    score = right / len(held) if by_accuracy else 2 * both / (said + held.sum())
    about = np.flatnonzero(score >= score.max() - ABOUT)
    last = int(about[len(about) // 2])
    ranked = chances[order]
    below = ranked[last + 1] if last + 1 < len(ranked) else 0.0
    return float(min(max((ranked[last] + below) / 2, 0.02), 0.98))
