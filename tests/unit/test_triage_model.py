"""The small model: what its files must be, when it keeps silent, and how it is heard beside the rules."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.adapters.model_file import CARD, NUMBERS, ModelFile
from services.triage.adapters.model_words import units
from services.triage.adapters.policy_files import load_assessment
from services.triage.domain.policies.assessment import Said, judge
from services.triage.domain.policies.blending import COUNTS, OTHER, blend, rules_found, together
from services.triage.domain.policies.model import Joint, judged_by, model_name
from shared.kernel.errors import MalformedInput

POLICIES = Path(__file__).parents[2] / "policies"
PUBLISHED = POLICIES / "assessment" / "model"
MODEL = ModelFile.load(PUBLISHED)
RULES = load_assessment(POLICIES)
FAILURE, REFUND, ANGRY = "kind:product_or_service_failure", "remedy:refund", "tone:angry"
chance = st.floats(0, 1)
joints = st.builds(
    Joint,
    model=st.floats(0, 3),
    rules=st.floats(0, 5),
    bias=st.floats(-3, 3),
    threshold=st.floats(0.02, 0.98),
    undoes=st.booleans(),
)


class Fixed:
    """A model that says what the test wants."""

    version = "f" * 64

    def __init__(self, scores: Mapping[str, float], *, undoes: bool = False, home: bool = True) -> None:
        self._scores, self._home = scores, home
        self.joints = {finding: Joint(1.0, 0.0, 0.0, 0.5, undoes) for finding in scores}

    def scores(self, text: str) -> Mapping[str, float]:
        return self._scores

    def at_home(self, text: str) -> bool:
        return self._home

    def span(self, text: str, finding: str) -> tuple[int, int]:
        return 0, len(text)


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("the dishwasher does not work any more", FAILURE),
        ("the pictures on the screen have gone green and it keeps freezing", FAILURE),
        ("when will you finally reimburse me", REFUND),
        ("can i talk to a real human please", "remedy:contact_person"),
        ("what a load of rubbish, you are idiots and this is disgusting", ANGRY),
    ],
)
def test_the_published_model_hears_what_is_said(text: str, finding: str) -> None:
    joint = MODEL.joints[finding]
    sure = joint.certainty(joint.probability(MODEL.scores(text)[finding], False))
    start, end = MODEL.span(text, finding)
    assert sure >= COUNTS
    assert text[start:end].strip()


def test_calm_questions_ask_for_no_refund_and_are_not_angry() -> None:
    scores = MODEL.scores("what is the monthly limit for contactless spending?")
    assert scores[REFUND] < 0.05
    assert scores[ANGRY] < 0.1


@pytest.mark.parametrize(
    "text",
    [
        "Quiero que me devuelvan el dinero de mi pedido",
        "Je voudrais être remboursé pour ma commande",
        "",
        "12 34 !!",
        "退款",
    ],
)
def test_the_model_keeps_silent_in_a_language_that_it_was_not_taught(text: str) -> None:
    assert MODEL.scores(text) == {}
    assert blend({FAILURE: 0.7}, text, MODEL) == ()


@given(st.text(max_size=300))
def test_any_text_has_probabilities_and_a_span_inside_it(text: str) -> None:
    for finding, value in MODEL.scores(text).items():
        assert 0 <= value <= 1
        start, end = MODEL.span(text, finding)
        assert 0 <= start <= end <= len(text)


@given(st.text(max_size=200))
def test_units_stand_where_they_say_and_in_order(text: str) -> None:
    at = 0
    for unit in units(text):
        assert at <= unit.start < unit.end <= len(text)
        at = unit.end


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    home = Path(shutil.copytree(PUBLISHED, tmp_path / "model"))
    data = bytearray((home / NUMBERS).read_bytes())
    data[len(data) // 2] ^= 1
    (home / NUMBERS).write_bytes(data)
    with pytest.raises(MalformedInput, match="not the ones"):
        ModelFile.load(home)


def test_a_changed_card_is_refused(tmp_path: Path) -> None:
    home = Path(shutil.copytree(PUBLISHED, tmp_path / "model"))
    card = json.loads((home / CARD).read_text())
    card["joints"][FAILURE]["threshold"] = 0.01
    (home / CARD).write_text(json.dumps(card))
    with pytest.raises(MalformedInput, match="not the ones"):
        ModelFile.load(home)


def test_a_missing_model_is_told_with_the_fix(tmp_path: Path) -> None:
    with pytest.raises(MalformedInput, match="publish a model"):
        ModelFile.load(tmp_path / "nothing")


def test_the_numbers_hold_nothing_pickled() -> None:
    with np.load(PUBLISHED / NUMBERS, allow_pickle=False) as arrays:
        assert all(arrays[name].dtype.kind in "fu" for name in arrays.files)
    assert hashlib.sha256((PUBLISHED / NUMBERS).read_bytes()).hexdigest() == MODEL.card.numbers_sha256


def test_a_reading_names_rules_and_model_and_what_the_model_found() -> None:
    said = Said(
        "the dishwasher has gone green and keeps freezing, reimburse me", "chat", datetime(2026, 5, 5, tzinfo=UTC)
    )
    reading = judge(said, RULES, lambda _: "en", MODEL)
    assert reading.judged_by == judged_by(RULES.outline.version, MODEL)
    assert reading.judged_by.endswith(f"+model/{MODEL.version[:8]}")
    assert reading.model == MODEL.version
    by_model = [e for e in reading.evidence if e.rule == model_name(MODEL)]
    assert by_model
    assert all(said.text[e.start : e.end] and e.confidence for e in by_model)


def test_words_that_are_not_the_customers_own_say_nothing_to_the_model() -> None:
    text = "Thanks, all fine.\n> the dishwasher is broken and does not work, reimburse me"
    said = Said(text, "email", datetime(2026, 5, 5, tzinfo=UTC))
    reading = judge(said, RULES, lambda _: "en", MODEL)
    assert REFUND not in {e.finding for e in reading.evidence}
    assert reading.remedy is None


@given(joints, chance, chance, st.booleans())
def test_certainty_is_a_share_and_rises_with_the_probability(
    joint: Joint, one: float, other: float, by_rules: bool
) -> None:
    low, high = sorted((joint.probability(one, by_rules), joint.probability(other, by_rules)))
    assert 0 <= joint.certainty(low) <= joint.certainty(high) <= 1
    assert (joint.certainty(high) >= COUNTS) == (high >= joint.threshold)


@given(joints, chance, st.floats(COUNTS, 1), st.booleans())
def test_a_model_that_may_not_undo_never_lowers_what_the_rules_found(
    joint: Joint, alone: float, rules_sure: float, at_home: bool
) -> None:
    sure = together(joint, alone, True, rules_sure, at_home=at_home)
    if not (joint.undoes and at_home):
        assert sure is None or sure > rules_sure
    elif sure is not None:
        assert sure == joint.certainty(joint.probability(alone, True))


def test_a_demand_whose_kind_is_undone_is_still_a_demand() -> None:
    blended = blend({FAILURE: 0.7}, "is it late", Fixed({FAILURE: 0.01}, undoes=True))
    assert {b.finding: b.sure >= COUNTS for b in blended} == {FAILURE: False, OTHER: True}


def test_nothing_is_undone_among_words_that_the_model_was_not_taught() -> None:
    assert blend({FAILURE: 0.7}, "the zipper", Fixed({FAILURE: 0.01}, undoes=True, home=False)) == ()


def test_what_the_model_adds_comes_behind_what_the_rules_found() -> None:
    found = {"kind:unfounded_demand": 0.7, "kind:information": 0.6, "remedy:compensation": 0.6}
    blended = blend(found, "a declined repair", Fixed({FAILURE: 0.99, REFUND: 0.99, ANGRY: 0.99}))
    assert {b.finding: b.sure for b in blended} == {FAILURE: COUNTS, REFUND: COUNTS, ANGRY: pytest.approx(0.99)}


@pytest.mark.parametrize(("channel", "found"), [("review", True), ("chat", False)])
def test_a_text_that_is_negative_as_a_whole_is_a_negative_review_in_public(channel: str, found: bool) -> None:
    text = "bought it twice , the zoom is poor and the battery is a joke . two hours and it is dead , i regret it ."
    reading = judge(Said(text, channel, datetime(2026, 5, 5, tzinfo=UTC)), RULES, lambda _: "en", MODEL)
    assert ("negative_review" in reading.kinds) is found


@pytest.mark.parametrize(("likely", "tone"), [(0.9, "tone:angry"), (0.3, "tone:frustrated")])
def test_likely_anger_is_anger_and_what_may_be_anger_is_frustration(likely: float, tone: str) -> None:
    model = Fixed({ANGRY: likely})
    model.joints = {ANGRY: Joint(1.0, 0.0, 0.0, 0.2)}
    (blended,) = blend({}, "well then", model)
    assert (blended.finding, blended.sure >= COUNTS) == (tone, True)
    assert blended.evidence is not None
    assert blended.evidence.finding == tone


def test_a_milder_tone_that_the_rules_are_sure_of_stays_as_sure() -> None:
    model = Fixed({ANGRY: 0.4})
    model.joints = {ANGRY: Joint(1.0, 0.0, 0.0, 0.2)}
    assert blend({"tone:frustrated": 0.95}, "well then", model) == ()


def test_weak_kinds_do_not_hold_the_model_back() -> None:
    blended = blend({"kind:information": 0.9}, "it is broken", Fixed({FAILURE: 0.99}))
    assert blended[0].sure == pytest.approx(0.99)


@pytest.mark.parametrize("tone", ["frustrated", "angry", "abusive"])
def test_sharper_and_softer_words_for_anger_count_as_the_same(tone: str) -> None:
    assert rules_found(ANGRY, {f"tone:{tone}": 0.6})
    assert not rules_found(ANGRY, {"tone:impatient": 0.9})


def test_without_a_model_the_rules_stand_alone() -> None:
    assert blend({FAILURE: 0.7}, "it is broken", None) == ()
    assert judged_by("2026.1", None) == "rules/2026.1"
