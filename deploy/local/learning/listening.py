"""Learns how rules and model are best heard together, always on texts that the model had not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from deploy.local.learning.fitting import FOLDS, Scores, calibration, probability
from deploy.local.learning.metrics import Bools, Counts, best_threshold, count
from services.triage.domain.policies.blending import COUNTS, together
from services.triage.domain.policies.model import Joint

BY_ACCURACY = frozenset({"polarity:negative"})
UNDOING_GAIN = 0.02
"""A model may undo what the rules found only where that raises F1 by so much: rules know texts that no set has."""


@dataclass(frozen=True)
class Heard:
    """What is known of one finding on texts unseen: the scores, the rules' word, the truth, set and fold."""

    finding: str
    scores: Scores
    by_rules: Bools
    holds: Bools
    origins: NDArray[np.str_]
    folds: NDArray[np.int64]
    at_home: Bools

    def of(self, which: Bools) -> "Heard":
        """Give a part of the texts."""
        return Heard(
            self.finding,
            self.scores[which],
            self.by_rules[which],
            self.holds[which],
            self.origins[which],
            self.folds[which],
            self.at_home[which],
        )


@dataclass(frozen=True)
class Agreed:
    """Slope and shift that make scores probabilities, the model's own threshold, and the joint hearing with rules."""

    slope: float
    shift: float
    threshold: float
    joint: Joint

    def alone(self, heard: Heard) -> Bools:
        """Tell what the model says alone."""
        return np.asarray(probability(heard.scores, self.slope, self.shift) >= self.threshold)

    def both(self, heard: Heard, joint: Joint | None = None) -> Bools:
        """Tell what rules and model say together."""
        chances = probability(heard.scores, self.slope, self.shift)
        heard_so = joint or self.joint
        said = []
        for chance, by_rules, at_home in zip(
            chances.tolist(), heard.by_rules.tolist(), heard.at_home.tolist(), strict=True
        ):
            sure = together(heard_so, chance, by_rules, COUNTS if by_rules else 0.0, at_home=at_home)
            said.append(by_rules if sure is None else sure >= COUNTS)
        return np.array(said, dtype=np.bool_)


def agree(heard: Heard) -> Agreed:
    """Learn from texts how to hear a finding."""
    slope, shift = calibration(heard.scores, heard.holds.astype(np.int64))
    chances = probability(heard.scores, slope, shift)
    by_accuracy = heard.finding in BY_ACCURACY
    threshold = best_threshold(chances, heard.holds, by_accuracy=by_accuracy)
    if not heard.by_rules.any():
        return Agreed(slope, shift, threshold, Joint(1.0, 0.0, 0.0, threshold))
    odds = np.log(np.clip(chances, 1e-6, 1 - 1e-6) / (1 - np.clip(chances, 1e-6, 1 - 1e-6)))
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit(
        np.stack([odds, heard.by_rules.astype(float)], axis=1), heard.holds.astype(np.int64)
    )
    model, rules, bias = float(fitted.coef_[0, 0]), max(float(fitted.coef_[0, 1]), 0.0), float(fitted.intercept_[0])
    jointly = 1 / (1 + np.exp(-(model * odds + rules * heard.by_rules + bias)))
    stands = heard.by_rules & ~heard.at_home
    free = Joint(model, rules, bias, _raising(jointly, heard, ~stands, by_accuracy=by_accuracy), undoes=True)
    bound = Joint(model, rules, bias, _raising(jointly, heard, ~heard.by_rules, by_accuracy=by_accuracy), undoes=False)
    agreed = Agreed(slope, shift, threshold, free)
    gain = count(agreed.both(heard), heard.holds).f1 - count(agreed.both(heard, bound), heard.holds).f1
    return agreed if gain >= UNDOING_GAIN else Agreed(slope, shift, threshold, bound)


def _raising(chances: Scores, heard: Heard, silent: Bools, *, by_accuracy: bool) -> float:
    """Give the threshold that is best while what the rules found elsewhere stands."""
    raised = np.where(silent, chances, 1.0)
    return best_threshold(raised, heard.holds, by_accuracy=by_accuracy)


def honest(heard: Heard) -> Mapping[str, Bools]:
    """Give what rules, model, and both say of each text, each heard by what was learnt on the other folds."""
    alone, both = np.zeros(len(heard.holds), dtype=np.bool_), np.zeros(len(heard.holds), dtype=np.bool_)
    for fold in range(FOLDS):
        there = heard.folds == fold
        if not there.any():
            continue
        agreed = agree(heard.of(~there))
        alone[there], both[there] = agreed.alone(heard.of(there)), agreed.both(heard.of(there))
    return {"rules": heard.by_rules, "model": alone, "both": both}


def figures(heard: Heard) -> dict[str, dict[str, Counts]]:
    """Give, for every set and for `all`, how rules, model and both do on texts unseen."""
    said = honest(heard)
    told: dict[str, dict[str, Counts]] = {}
    origins: Sequence[str] = sorted(set(heard.origins.tolist()))
    for origin in (*origins, "all"):
        there = heard.origins == origin if origin != "all" else np.ones(len(heard.holds), dtype=np.bool_)
        told[origin] = {name: count(said[name][there], heard.holds[there]) for name in said}
    return told
