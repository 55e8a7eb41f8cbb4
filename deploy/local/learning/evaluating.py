"""Holds what triage reads against labelled texts, beside guessing the commoner answer, and the rules alone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np

from deploy.local.errors import UsageError
from deploy.local.learning.items import Item
from deploy.local.learning.metrics import Counts, count
from deploy.local.learning.training import TRAINED_ON, fingerprint, found_in, rules_say
from services.triage.adapters.language import UNKNOWN, make_detect
from services.triage.adapters.model_file import ModelFile
from services.triage.adapters.policy_files import load_assessment
from services.triage.domain.policies.assessment import Said, judge
from services.triage.domain.policies.blending import COUNTS
from shared.contracts.triage import Reading

NOW = datetime(2022, 3, 15, 9, tzinfo=UTC)
"""When NLU++ was said: its dates and times are resolved against this."""
LEAST_CHARACTERS = 40
Counted = Mapping[str, Mapping[str, Counts]]
"""For each finding and set (and `all`): what was counted."""


@dataclass(frozen=True)
class Evaluation:
    """Figures of what is read with the model and by the rules alone; `known` texts were trained on, of `texts`."""

    texts: int
    known: int
    read: Counted
    rules: Counted
    languages: Mapping[str, tuple[int, int]]
    times: tuple[int, int]
    milliseconds: float


def evaluate(items: Sequence[Item], model_home: Path | None, policy_dir: Path, now: Callable[[], float]) -> Evaluation:
    """Read every text and count; `now` gives seconds, for the time a reading takes."""
    model = ModelFile.load(model_home) if model_home else None
    taught = _taught(model_home) if model_home else frozenset[str]()
    rules = load_assessment(policy_dir)
    detect = make_detect(rules.outline.languages)
    alone = rules_say(policy_dir)
    said: dict[tuple[str, str], tuple[list[bool], list[bool], list[bool]]] = {}
    languages: dict[str, list[int]] = {}
    times = [0, 0]
    took: list[float] = []
    known: set[str] = set()
    for item in items:
        labels = {f: label.holds for f, label in item.labels.items() if label.counts}
        expected = _language(item, rules.outline.languages)
        resolved = list(_times_of(item))
        if not (labels or expected or resolved):
            continue
        if fingerprint(item.id) in taught and labels:
            known.add(item.id)
        begun = now()
        reading = judge(Said(item.text, item.channel, NOW), rules, detect, model)
        took.append(now() - begun)
        by_rules = alone(item) if labels else reading
        for finding, holds in labels.items():
            sets = said.setdefault((finding, item.origin), ([], [], []))
            sets[0].append(_says(reading, finding, item, model))
            sets[1].append(found_in(by_rules, finding))
            sets[2].append(holds)
        if expected:
            right = languages.setdefault(expected if expected != UNKNOWN else "others", [0, 0])
            right[0] += reading.language == expected
            right[1] += 1
        for slot in resolved:
            times[0] += slot in set(_said_times(reading))
            times[1] += 1
    return Evaluation(
        texts=len(took),
        known=sum(item.id in known for item in items if item.labels),
        read=_counted(said, 0),
        rules=_counted(said, 1),
        languages={code: (right, of) for code, (right, of) in sorted(languages.items())},
        times=(times[0], times[1]),
        milliseconds=float(np.median(took)) * 1000 if took else 0.0,
    )


def _taught(model_home: Path) -> frozenset[str]:
    """Give the fingerprints of what a model learnt from; without them nobody could tell honest figures from others."""
    try:
        return frozenset((model_home / TRAINED_ON).read_text("ascii").split())
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--model: {TRAINED_ON} of {model_home} cannot be read", "Train the model again.") from error


def _says(reading: Reading, finding: str, item: Item, model: ModelFile | None) -> bool:
    if found_in(reading, finding):
        return True
    told_by_model = finding.startswith("polarity:") or finding == "kind:small_talk"
    if model is None or not told_by_model:
        return False
    chance = model.scores(item.text).get(finding)
    joint = model.joints.get(finding)
    return chance is not None and joint is not None and joint.certainty(joint.probability(chance, False)) >= COUNTS


def _language(item: Item, supported: Sequence[str]) -> str | None:
    if item.language is None or len(item.text) < LEAST_CHARACTERS:
        return None
    return item.language if item.language in supported else UNKNOWN


def _times_of(item: Item) -> Iterator[str]:
    """Give the days and times of day that an item's labels resolve."""
    for name, slot in item.slots.items():
        value = slot.get("value")
        if not isinstance(value, dict):
            continue
        if name.startswith("date") and "year" in value:
            yield date(value["year"], value["month"], value["day"]).isoformat()
        elif name in ("time", "time_from", "time_to") and "hour" in value:
            yield f"{value['hour']:02d}:{value['minute']:02d}"


def _said_times(reading: Reading) -> Iterator[str]:
    for time in reading.times:
        for end in time.value.split("/"):
            day, _, hour = end.partition("T")
            yield day[:10]
            yield (hour or day)[:5]


def _counted(said: Mapping[tuple[str, str], tuple[list[bool], list[bool], list[bool]]], which: int) -> Counted:
    told: dict[str, dict[str, Counts]] = {}
    for finding in sorted({finding for finding, _ in said}):
        sets = {origin: found for (of, origin), found in sorted(said.items()) if of == finding}
        told[finding] = {origin: count(found[which], found[2]) for origin, found in sets.items()}
        if len(sets) > 1:
            yes = [one for found in sets.values() for one in found[which]]
            held = [one for found in sets.values() for one in found[2]]
            told[finding]["all"] = count(yes, held)
    return told
