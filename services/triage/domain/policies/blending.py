"""Puts the model's probabilities beside what the rules found."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.triage.domain.policies.model import Model
from shared.contracts.triage import Evidence


@dataclass(frozen=True, slots=True)
class Blended:
    """How sure rules and model together are of one finding; `evidence` is what the model adds to that of the rules."""

    finding: str
    sure: float
    evidence: Evidence | None = None


def blend(found: Mapping[str, float], own_words: str, model: Model | None) -> tuple[Blended, ...]:
    """Give the findings whose certainty the model changes, each with its new certainty from 0 to 1.

    `found` holds how sure the rules are of each finding; `own_words` is the message with everything that is not the
    customer's own words blanked out, so that places in it are places in the message. Pure as long as the model is.
    """
    return ()
