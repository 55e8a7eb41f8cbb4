"""How the model is trained: what labels teach, what never stands on both sides, and the same bytes every time."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.local.errors import UsageError
from deploy.local.learning.comparing import compare, objections
from deploy.local.learning.corrections import corrected_items
from deploy.local.learning.exporting import write_model
from deploy.local.learning.fitting import FOLDS, fit, fold_of, splits
from deploy.local.learning.items import Item, Label, read_items
from deploy.local.learning.metrics import ABOUT, best_threshold, count
from deploy.local.learning.training import TRAINED_ON, fingerprint, train
from deploy.local.learning.words import WordKnowledge
from services.triage.adapters.model_file import CARD, NUMBERS, Card, ModelFile

POLICIES = Path(__file__).parents[2] / "policies"
KNOWN = WordKnowledge({"rug": 0, "lamp": 1}, np.eye(2, 3, dtype=np.float32), {"awful": -3.0}, {"idiot": 5.0}, "0" * 64)
REFUND = "remedy:refund"
ASKS = ["please refund the {}", "i want my money for the {} back", "reimburse me the {} now"]
TELLS = ["where is the {}", "how big is the {}", "the {} is lovely thank you"]
THINGS = ["rug", "lamp", "table", "chair", "clock", "mirror", "shelf", "sofa", "vase", "desk"]


def item(number: int, text: str, holds: bool, origin: str = "made") -> Item:
    return Item(f"{origin}:{number}", "0", origin, text, "chat", "en", {REFUND: Label(holds)})


def made(count_of: int = 120) -> list[Item]:
    chosen = random.Random(7)
    return [
        item(n, chosen.choice(ASKS if n % 3 == 0 else TELLS).format(chosen.choice(THINGS)) + f" number {n}", n % 3 == 0)
        for n in range(count_of)
    ]


def written(tmp_path: Path, *entries: dict[str, object]) -> Path:
    path = tmp_path / "some.jsonl"
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


def turn(text: str, **more: object) -> dict[str, object]:
    return {"speaker": "customer", "text": text, **more}


def test_labels_say_what_holds_what_does_not_and_what_is_open(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        {"id": "banking77-x:1", "turns": [turn("a")], "labels": {"intent": "card_not_working"}},
        {"id": "banking77-x:2", "turns": [turn("b")], "labels": {"intent": "top_up_failed"}},
        {"id": "multidogo:x:3", "turns": [turn("c", intents=["disputecharge"]), {"speaker": "agent", "text": "d"}]},
    )
    first, second, third = read_items(path)
    failure = "kind:product_or_service_failure"
    assert first.labels[failure].holds
    assert (second.labels[failure].holds, second.labels[failure].weight) == (False, 0.0)
    assert REFUND not in third.labels


def test_a_review_is_counted_as_a_whole_and_taught_by_sentence_too(tmp_path: Path) -> None:
    opinions = [{"feature": "zoom", "score": -2, "sentence": "the zoom is poor ."}]
    entry = {"id": "reviews:x:1", "channel": "review", "title": "meh", "turns": [turn("the zoom is poor .")]}
    whole, sentence = read_items(written(tmp_path, entry | {"labels": {"polarity": "negative", "opinions": opinions}}))
    assert whole.text.startswith("meh\n")
    assert (whole.labels["polarity:negative"].counts, sentence.labels["polarity:negative"].counts) == (True, False)


@pytest.mark.parametrize("line", ["{", "[]", '{"id": "x"}', '{"turns": []}'])
def test_a_line_that_is_no_item_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text('{"id": "x:1", "turns": []}\n' + line + "\n")
    with pytest.raises(UsageError, match="line 2"):
        read_items(path)


@pytest.mark.parametrize(("content", "problem"), [(b"\xff\xfe\x00", "no text in UTF-8"), (b"[" * 99_999, "too deeply")])
def test_a_file_that_is_no_text_or_has_no_end_is_told(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "items.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=problem):
        read_items(path)


@pytest.mark.parametrize("name", ["nowhere", "."])
def test_a_path_without_items_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        read_items(tmp_path / name)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["a b c {}", "d e f {}", "no", "g h i j {}"])), max_size=40)
)
@settings(max_examples=50)
def test_nothing_near_identical_stands_on_both_sides(drawn: list[tuple[int, str]]) -> None:
    items = [item(n, text.format(n % 5), True) for n, text in drawn]
    seen: list[Item] = []
    for learnt, judged in splits(items):
        assert not {i.id for i in learnt} & {j.id for j in judged}
        assert not {i.key for i in learnt if i.key} & {j.key for j in judged if j.key}
        seen += judged
    assert sorted(map(id, seen)) == sorted(map(id, items))


@given(st.text(min_size=1), st.text())
def test_an_items_turns_fall_into_one_fold(identity: str, text: str) -> None:
    one, other = (Item(identity, part, "o", text, "chat", "en") for part in "12")
    assert fold_of(one) == fold_of(other) < FOLDS


def test_the_same_texts_make_the_same_bytes_and_another_text_another_version(tmp_path: Path) -> None:
    outcomes = [
        train(items, KNOWN, POLICIES, tmp_path / name, lambda *_: None)
        for name, items in (("one", made()), ("two", list(reversed(made()))), ("three", made(123)))
    ]
    for name in (NUMBERS, CARD, TRAINED_ON):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert outcomes[0].card.version != outcomes[2].card.version
    assert outcomes[0].figures[REFUND]["made"]["both"].f1 > 0.9
    assert fingerprint("made:1") in (tmp_path / "one" / TRAINED_ON).read_text()


def test_the_files_say_what_was_trained(tmp_path: Path) -> None:
    """Reading sums each word's contribution; training multiplied features by weights: they must agree."""
    items = [*made(), item(500, "awful idiot , NOT awful !! 1,200 lamps", False)]
    trained = fit(items, KNOWN, [REFUND])
    write_model(tmp_path, trained, {"joints": {REFUND: {"model": 1.0, "rules": 0.0, "bias": 0.0, "threshold": 0.5}}})
    model = ModelFile.load(tmp_path)
    texts = [i.text for i in items] + ["AWFUL lamp refundd , not awful idiots ?"]
    expected = trained.heads[REFUND].scores(trained.features.matrix(texts))
    for text, score in zip(texts, expected, strict=True):
        assert np.log(1 / (1 / model.scores(text)[REFUND] - 1)) == pytest.approx(score, abs=0.03)


def card(version: str, f1: float, sha256: str = "a") -> Card:
    figures = {REFUND: {"made": {"both_f1": f1}, "all": {"both_f1": f1}}}
    return Card.model_validate(
        {
            "version": version,
            "numbers_sha256": "0",
            "findings": [REFUND],
            "joints": {},
            "figures": figures,
            "data": {"made": {"sha256": sha256}},
        }
    )


@pytest.mark.parametrize(("new", "refused"), [(0.80, False), (0.785, False), (0.75, True)])
def test_a_model_that_falls_by_more_than_the_tolerance_is_objected_to(new: float, refused: bool) -> None:
    assert bool(objections(compare(card("1", 0.80), card("2", new)))) is refused


def test_models_without_a_set_in_common_cannot_be_compared() -> None:
    against = objections(compare(card("1", 0.80, "a"), card("2", 0.99, "b")))
    assert "nothing to compare" in against[0]


def event(about: str, **body: object) -> dict[str, object]:
    return {"headers": {"ce_type": f"io.recourse.{about}.v1"}, "body": body}


def test_the_last_correction_of_a_message_is_what_is_taught() -> None:
    ids = {
        name: f"01998f2e-0000-7000-8000-00000000000{n}"
        for n, name in enumerate(["case", "message", "talk", "customer"])
    }
    common = {"case_id": ids["case"], "message_id": ids["message"]}
    reading = {"kinds": [], "urgency": "normal", "tone": "calm", "language": "en", "confidence": 0.5, "judged_by": "r"}
    message = event(
        "intake.message_received",
        **common,
        conversation_id=ids["talk"],
        channel="chat",
        channel_message_id="1",
        customer_id=ids["customer"],
        sender="a",
        text="give me what I paid",
        received_at="2026-05-05T09:00:00Z",
    )
    corrections = [
        event("triage.assessment_corrected", **common, before=reading, reading=reading | change, reason="misread")
        for change in ({"remedy": "repair"}, {"remedy": "refund", "tone": "angry"})
    ]
    (taught,) = corrected_items([*corrections, message], [REFUND, "remedy:contact_person", "tone:angry"])
    assert taught.text == "give me what I paid"
    assert {finding: label.holds for finding, label in taught.labels.items()} == {
        REFUND: True,
        "remedy:contact_person": False,
        "tone:angry": True,
    }


def test_a_correction_of_an_unknown_message_teaches_nothing() -> None:
    assert corrected_items([], [REFUND]) == []


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1))
def test_figures_are_shares_and_agree_with_counting_by_hand(pairs: list[tuple[bool, bool]]) -> None:
    said, held = [one for one, _ in pairs], [other for _, other in pairs]
    counts = count(said, held)
    assert counts.accuracy == pytest.approx(sum(s == h for s, h in pairs) / len(pairs))
    assert 0 <= counts.f1 <= 1
    if counts.both:
        by_hand = 2 / (1 / counts.precision + 1 / counts.recall)
        assert counts.f1 == pytest.approx(by_hand)


@given(st.dictionaries(st.integers(3, 97), st.booleans(), min_size=2).filter(lambda told: any(told.values())))
def test_the_threshold_chosen_is_about_the_best(told: dict[int, bool]) -> None:
    chances, held = np.array(list(told)) / 100, np.array(list(told.values()))
    best = max(count(chances >= at, held).f1 for at in chances)
    assert count(chances >= best_threshold(chances, held), held).f1 >= best - ABOUT - 1e-9
