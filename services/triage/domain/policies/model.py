"""What triage needs of a trained model: how likely each finding is, and the words that say so."""

from collections.abc import Mapping
from typing import Protocol


class Model(Protocol):
    """A model of one published version; `version` is a hash of its content, `judged_by` names its first 8 digits."""

    @property
    def version(self) -> str:
        """Give the hash of the model's content, in hexadecimal digits."""
        ...

    def scores(self, text: str) -> Mapping[str, float]:
        """Give the calibrated probability of each finding that the model knows (`kind:…`, `remedy:…`, `tone:angry`)."""
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
