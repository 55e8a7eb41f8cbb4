"""What triage needs of a trained model: how likely each finding is, the words that say so, and how far to heed it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Joint:
    """How rules and model are heard together on one finding, learnt on texts that the model had not seen.

    `model` weighs the log-odds of the model, `rules` is added where the rules found it too; a finding counts from the
    probability `threshold` on. `undoes`: whether the model may undo what the rules found, in texts it is at home in.
    """

    model: float
    rules: float
    bias: float
    threshold: float
    undoes: bool = False

    def probability(self, alone: float, by_rules: bool) -> float:
        """Give the probability of a finding from the model's own and whether the rules found it."""
        odds = min(max(alone, 1e-6), 1 - 1e-6)
        return 1.0 / (1.0 + exp(-(self.model * log(odds / (1.0 - odds)) + self.rules * by_rules + self.bias)))

    def certainty(self, probability: float) -> float:
        """Give a probability on the scale of the rules, where a finding counts from one half on."""
        if probability < self.threshold:
            return 0.5 * probability / self.threshold
        return 0.5 + 0.5 * (probability - self.threshold) / (1.0 - self.threshold)


class Model(Protocol):
    """A model of one published version; `version` is a hash of its content, `judged_by` names its first 8 digits."""

    @property
    def version(self) -> str:
        """Give the hash of the model's content, in hexadecimal digits."""
        ...

    @property
    def joints(self) -> Mapping[str, Joint]:
        """Give how to hear the model together with the rules, for each finding that it knows."""
        ...

    def scores(self, text: str) -> Mapping[str, float]:
        """Give the calibrated probability of each finding that the model knows (`kind:…`, `remedy:…`, `tone:angry`).

        Empty when too few of the words are ones that it has learnt from, as in a language that it was not taught.
        """
        ...

    def at_home(self, text: str) -> bool:
        """Tell whether every word of a text is common where the model was taught what customers ask for."""
        ...

    def span(self, text: str, finding: str) -> tuple[int, int]:
        """Give the place [start, end) of the words of `text` that speak most for a finding; (0, 0) when none do."""
        ...


def judged_by(rules: str, model: Model | None) -> str:
    """Name what judged: the rules' version, and the model's when one was asked."""
    return f"rules/{rules}" if model is None else f"rules/{rules}+{model_name(model)}"


def model_name(model: Model) -> str:
    """Name a model as evidence does: `model/` and the first 8 digits of its version."""
    return f"model/{model.version[:8]}"
