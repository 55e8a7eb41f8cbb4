"""Reply templates as data: whole in every language, safe in public, and wrong files are named."""

from pathlib import Path

import pytest
import yaml

from services.intake.adapters.policy_files import load_rules
from services.intake.channels.registry import STYLES
from services.intake.domain.policies.tracking import codes_in
from services.intake.domain.policies.wording import REVIEW_LIMIT, TEMPLATES, FromTemplate
from shared.kernel.errors import MalformedInput
from tests.support.intake import POLICIES, RULES
from tests.support.intakes import CODE, MONDAY

LANGUAGES = sorted(RULES.replies.languages)
VALUES = {
    "due": "a day with a long name",
    "opens": "another day",
    "deviation": "A full refund after the return period.",
    "conditions": "Send the item back.",
    "amount": "49.90 EUR",
    "reason": "The sale was final.",
    "offer": "Half of the price.",
    "measure": RULES.conduct.meaning("restricted_channel", "en", {"open_channel": "web"}),
    "review": "a day with a long name",
    "appeal": "If you disagree, tell us so.",
    "open_channel": "e-mail",
    "matter": "The parcel that one of you sold to the other.",
    "outcome": "In favour of the other side.",
    "follows": "Nothing.",
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", sorted(TEMPLATES))
@pytest.mark.parametrize("style", ["letter", "chat", "script", "review"])
def test_every_template_is_whole(language: str, template: str, style: str) -> None:
    due = RULES.replies.of(language).instant(MONDAY.replace(month=9, day=30), "Europe/Madrid")
    saying = FromTemplate(template, language, {**VALUES, "due": due, "opens": due})
    text = RULES.replies.say(saying, style, None if style == "review" else "Ada", CODE)
    assert "{" not in text
    assert "None" not in text
    if style == "review":
        assert len(text) <= REVIEW_LIMIT
        assert text[-1] in ".!?"
    if template.startswith("acknowledgement"):
        assert codes_in(text) in ((CODE,), ())
        assert CODE in text
        assert due in text


def test_the_code_of_the_examples_is_not_a_real_one() -> None:
    assert codes_in(CODE) == ()


def test_what_is_not_known_leaves_its_line_out() -> None:
    saying = FromTemplate("approved", "en", {"deviation": "A refund.", "conditions": "", "amount": None})
    text = RULES.replies.say(saying, "chat", None, CODE)
    assert text == "Good news: we make an exception for you: A refund."


def test_a_language_tag_with_a_region_finds_its_language() -> None:
    assert RULES.replies.of("de-AT").language == "de"
    assert RULES.replies.of("und").language == "en"


def changed(folder: Path, **fields: object) -> Path:
    """A copy of the policies with some fields of English changed; None takes a field out."""
    (folder / "calendars").mkdir()
    (folder / "replies").mkdir()
    (folder / "conduct").mkdir()
    for name in ("calendars/default.yaml", "replies/answering.yaml"):
        (folder / name).write_text((POLICIES / name).read_text())
    english = yaml.safe_load((POLICIES / "replies" / "en.yaml").read_text()) | fields
    kept = {name: value for name, value in english.items() if value is not None}
    (folder / "replies" / "en.yaml").write_text(yaml.safe_dump(kept))
    return folder


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"weekdays": ["Monday"]}, "weekdays"),
        ({"greeting": None}, "greeting"),
        ({"language": "english"}, "language"),
        ({"language": "de"}, "language"),
        ({"templates": {}}, "en.yaml"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_file_is_named_with_its_field(tmp_path: Path, fields: dict[str, object], field: str) -> None:
    with pytest.raises(MalformedInput) as wrong:
        load_rules(changed(tmp_path, **fields), STYLES)
    assert "en.yaml" in str(wrong.value.field)
    assert field in str(wrong.value.field)


@pytest.mark.parametrize(
    ("style", "text"), [("letter", "Dear {customer},"), ("review", "{greeting} thank you"), ("review", "x" * 400)]
)
def test_a_wrong_template_is_refused(tmp_path: Path, style: str, text: str) -> None:
    templates = yaml.safe_load((POLICIES / "replies" / "en.yaml").read_text())["templates"]
    templates["expired"][style] = text
    with pytest.raises(MalformedInput):
        load_rules(changed(tmp_path, templates=templates), STYLES)


def test_english_must_be_there(tmp_path: Path) -> None:
    folder = changed(tmp_path)
    (folder / "replies" / "en.yaml").unlink()
    with pytest.raises(MalformedInput, match="missing"):
        load_rules(folder, STYLES)
