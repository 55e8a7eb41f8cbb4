"""How long one assessment takes: rules, model and language together, and the model alone."""

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from bench.figure import Figure
from deploy.local.learning.items import read_items
from services.triage.adapters.language import make_detect
from services.triage.adapters.model_file import ModelFile
from services.triage.adapters.policy_files import load_assessment
from services.triage.domain.policies.assessment import Said, judge

ROOT = Path(__file__).parents[1]
AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
LETTER = 1_260
"""Characters of the longer text: the mean length of a complaint."""


def assess_figures(rounds: int) -> Iterator[Figure]:
    """Give the median time of one assessment of the samples' messages, and of the model alone."""
    rules = load_assessment(ROOT / "policies")
    detect = make_detect(rules.outline.languages)
    model = ModelFile.load(ROOT / "policies" / "assessment" / "model")
    texts = [item.text for item in read_items(ROOT / "samples")]
    letter = " ".join(texts)[:LETTER]

    def whole(text: str) -> None:
        judge(Said(text, "chat", AT), rules, detect, model)

    yield _figure("one assessment, all samples", whole, texts, rounds, 2.0)
    yield _figure("the model alone, a chat turn", model.scores, [t for t in texts if len(t) <= 200], rounds, 0.3)
    yield _figure(f"the model alone, {LETTER} characters", model.scores, [letter] * 200, rounds, 1.0)


def _figure(name: str, act: Callable[[str], object], texts: Sequence[str], rounds: int, bar: float) -> Figure:
    took = []
    for _ in range(rounds):
        for text in texts:
            begun = time.perf_counter()
            act(text)
            took.append((time.perf_counter() - begun) * 1000)
    took.sort()
    middle, late = median(took), took[int(len(took) * 0.99)]
    return Figure(name, middle, "ms median", f"at most {bar:g} ms", middle <= bar, {"ms, 99 of 100": late})
