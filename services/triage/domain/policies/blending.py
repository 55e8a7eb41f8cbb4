"""Hears the model beside the rules: what both together make of each finding, and which words said so."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.triage.domain.policies.model import Joint, Model, model_name
from shared.contracts.triage import Evidence

COUNTS = 0.5
OTHER = "kind:other"
"""A demand whose kind the model undoes is still a demand."""
POLARITY, NEGATIVE = "polarity:negative", "topic:negative_polarity"
"""What the model says of the whole text is a topic to the rules: what follows from it is theirs to say."""
WEAK = frozenset({OTHER, "kind:information", "kind:small_talk"})
ANGRY, MILDER = "tone:angry", "tone:frustrated"
SAME: Mapping[str, tuple[str, ...]] = {ANGRY: (ANGRY, "tone:abusive", MILDER)}
"""Findings of the rules that say the same as the model's one."""


@dataclass(frozen=True, slots=True)
class Blended:
    """How sure rules and model together are of one finding; `evidence` is what the model adds to that of the rules."""

    finding: str
    sure: float
    evidence: Evidence | None = None


def blend(found: Mapping[str, float], own_words: str, model: Model | None) -> tuple[Blended, ...]:
    """Give the findings whose certainty the model changes, each with its new certainty from 0 to 1.

    `found` holds how sure the rules are of each finding; `own_words` is the message with everything that is not the
    customer's own words blanked out, so that places in it are places in the message. Anger that is less likely than
    not, but likely enough to be told, is called the milder tone. Pure as long as the model is.
    """
    if model is None:
        return ()
    joints, blended, undone = model.joints, [], False
    at_home = model.at_home(own_words)
    for finding, alone in model.scores(own_words).items():
        joint, by_rules = joints[finding], rules_found(finding, found)
        rules_sure = max(found.get(name, 0.0) for name in SAME.get(finding, (finding,)))
        sure = together(joint, alone, by_rules, rules_sure, at_home=at_home)
        if sure is None:
            continue
        if not by_rules and _rules_found_another(finding, found):
            sure = min(sure, COUNTS)
        undone = undone or (by_rules and sure < COUNTS and finding.startswith("kind:"))
        evidence, called = None, finding
        if finding == ANGRY and joint.probability(alone, by_rules) < COUNTS:
            called = MILDER
        if sure >= COUNTS:
            start, end = model.span(own_words, finding)
            evidence = Evidence(finding=called, start=start, end=end, rule=model_name(model), confidence=round(sure, 3))
        blended.append(Blended(called, sure, evidence))
        if finding == POLARITY:
            blended.append(Blended(NEGATIVE, sure))
    if undone and found.get(OTHER, 0.0) < COUNTS:
        blended.append(Blended(OTHER, COUNTS))
    return tuple(blended)


def _rules_found_another(finding: str, found: Mapping[str, float]) -> bool:
    """Tell whether the rules found a kind or remedy of their own: what the model adds to it comes behind."""
    group = finding.partition(":")[0] + ":"
    return group in ("kind:", "remedy:") and any(
        sure >= COUNTS and name.startswith(group) and name not in WEAK for name, sure in found.items()
    )


def rules_found(finding: str, found: Mapping[str, float]) -> bool:
    """Tell whether the rules found what the model calls `finding`."""
    doubt = 1.0
    for name in SAME.get(finding, (finding,)):
        doubt *= 1.0 - found.get(name, 0.0)
    return 1.0 - doubt >= COUNTS


def together(joint: Joint, alone: float, by_rules: bool, rules_sure: float, *, at_home: bool) -> float | None:
    """Give the certainty of rules and model together; None where the model changes nothing.

    A model that may not undo what the rules found, or is not at home in a text, can only make them surer.
    """
    sure = joint.certainty(joint.probability(alone, by_rules))
    if by_rules and not (joint.undoes and at_home):
        return sure if sure > max(rules_sure, COUNTS) else None
    return sure if sure >= COUNTS or rules_sure >= COUNTS else None
