"""A pack whose texts are wrong is told before a customer reads them."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.local.cli.main import app
from services.triage.adapters.policy_pack import PolicyPack
from services.triage.adapters.saying import say_all, wrong_texts
from services.triage.domain.policies.ruling import Question
from services.triage.domain.policies.wording import say_boundary, say_grant, say_question
from tests.support.replies import checker, pack
from tests.support.triage import POLICIES

LIMIT = "We cannot refund a return after 30 days."


@pytest.fixture
def home(tmp_path: Path) -> Path:
    copy = tmp_path / "shop"
    shutil.copytree(POLICIES / "shop", copy)
    return copy


def change(home: Path, before: str, after: str) -> None:
    path = home / "clauses.yaml"
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after", "rule"),
    [
        (LIMIT, "You should have returned it within 30 days. We cannot refund it.", "no blame"),
        ("a free cosmetic repair", "a call to ada@example.com", "public data"),
    ],
)
def test_a_text_that_fails_the_check_is_told_once_with_its_place(
    home: Path, before: str, after: str, rule: str
) -> None:
    change(home, before, after)
    wrong = wrong_texts(PolicyPack(home), checker())
    told = [one for one in wrong if one.problem.startswith(rule)]
    assert told
    assert len({(one.place, one.problem) for one in told}) == len(told)
    assert all(one.file == "replies/en.yaml" and one.fix for one in told)


def test_the_pack_as_shipped_says_nothing_wrong() -> None:
    assert wrong_texts(pack("shop"), checker()) == []


def test_the_check_of_packs_reads_their_texts(home: Path) -> None:
    assert CliRunner().invoke(app, ["policy", "check", str(home)]).exit_code == 0
    change(home, LIMIT, "Calm down: we cannot refund a return after 30 days.")
    result = CliRunner().invoke(app, ["policy", "check", str(home)])
    assert result.exit_code == 1
    assert "no dismissal" in result.stdout


def test_every_tone_is_said_at_least_once_and_the_calm_one_everywhere() -> None:
    few, all_of_them = list(say_all(pack("shop"), checker(), every_tone=False)), pack("shop").wording.replies["en"]
    assert {one.tone for one in few} == set(all_of_them.acknowledgements)
    places = {(one.row, one.language, one.form) for one in few}
    assert places == {(one.row, one.language, one.form) for one in few if one.tone == "calm"}


@pytest.mark.parametrize(("spoken", "told"), [("it", True), ("en", False), ("und", False)])
def test_a_customer_of_another_language_is_told_why_the_answer_is_in_ours(spoken: str, told: bool) -> None:
    policy = pack("shop")
    granted = policy.evaluate(Question(kind="other", language=spoken, channel="email", remedy="contact_person"))
    refused = policy.evaluate(
        Question(kind="buyers_remorse", language=spoken, channel="email", remedy="refund", days_since_purchase=60)
    )
    assert (granted.outcome, refused.outcome) == ("allowed", "refused")
    line = policy.wording.replies["en"].other_language
    for channel in ("email", "chat", "phone", "review"):
        assert (line in say_grant(granted, "calm", channel, policy.wording, spoken)) == told
    assert (line in say_boundary(refused, "calm", "email", policy.wording, spoken)) == told
    assert (line in say_question(granted, "calm", "email", policy.wording, spoken)) == told


def test_a_public_answer_leaves_the_line_out_where_it_does_not_fit() -> None:
    policy = pack("shop")
    long = policy.wording.replies["en"].model_copy(update={"other_language": "In English. " * 28})
    wording = replace(policy.wording, replies={**policy.wording.replies, "en": long})
    granted = policy.evaluate(Question(kind="other", language="it", channel="review", remedy="contact_person"))
    assert "In English." not in say_grant(granted, "calm", "review", wording, "it")
    assert "In English." in say_grant(granted, "calm", "email", wording, "it")
