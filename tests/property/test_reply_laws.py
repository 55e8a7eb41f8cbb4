"""Whatever a shipped pack says, in every row, language, form and tone, passes the reply check and fits its channel."""

from collections import Counter
from functools import cache
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.adapters.saying import SaidText, say_all
from services.triage.domain.policies.reply_check import Context
from services.triage.domain.policies.reply_check_promises import Backed
from services.triage.domain.policies.reply_check_rules import RuleName
from services.triage.domain.policies.wording import FORMS, REVIEW_LIMIT
from tests.support.replies import checker, found, pack

PACKS = ["shop", "airline", "retail"]
PIECES = st.sampled_from(
    [
        "I am sorry.", "You should have read it.", "We cannot refund it", "because it was worn.", "Calm down!",
        "We will refund you $50 within 3 days.", "{name}", "RC-7F3K-9QXD", "Lo siento.", "No podemos devolverlo.",
        "Sie hätten das lesen sollen.", "\n\n", "- an offer: a benefit", "«Dentro de los 30 días»", "😀", "ombudsman",
    ]
)  # fmt: skip
TEXTS = st.one_of(st.text(max_size=400), st.lists(PIECES, max_size=12).map(" ".join))


@cache
def said_by(name: str) -> tuple[SaidText, ...]:
    return tuple(say_all(pack(name), checker()))


@pytest.mark.parametrize("name", PACKS)
def test_everything_that_a_pack_says_passes_the_check(name: str) -> None:
    said = said_by(name)
    wrong = [(one.where, found.rule, one.text) for one in said for found in one.findings]
    assert wrong[:3] == []
    assert {one.form for one in said} == set(FORMS)
    for one in said:
        assert one.form != "review" or len(one.text) <= REVIEW_LIMIT
        assert "{" not in one.text
        assert not one.text.startswith((" ", "\n"))
        assert not any(joined in one.text for joined in ("..", " ,", " .", ",,", ": :", "  "))


@pytest.mark.parametrize("name", PACKS)
def test_every_row_that_answers_is_said_in_every_language(name: str) -> None:
    policy = pack(name)
    said = Counter((one.row, one.form) for one in said_by(name))
    rows = {row.id for row in policy.rows if row.outputs["outcome"] in ("refused", "allowed")}
    assert {row for row, _ in said} == rows
    assert rows


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.sampled_from(FORMS), st.sampled_from(["en", "es", "fr", "de", None]))
def test_findings_lie_in_the_text_in_order_and_name_a_rule(text: str, form: str, language: str | None) -> None:
    findings = found(text, form=form, language=language, backings=())
    assert [(one.start, one.end, one.rule) for one in findings] == sorted(
        (one.start, one.end, one.rule) for one in findings
    )
    for one in findings:
        assert 0 <= one.start <= one.end <= len(text)
        assert one.rule in get_args(RuleName)
        assert one.problem
        assert one.better


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_checking_twice_finds_the_same(text: str) -> None:
    assert found(text) == found(text)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(0, 60))
def test_a_time_is_backed_when_it_is_not_sooner(promised: int, backed: int) -> None:
    text = f"We will refund the price within {promised} working days."
    context = Context(backings=(Backed("R-1", "a refund of the price", backed),))
    wrong = {one.rule for one in checker().check(text, context)}
    assert ("promise_backed" in wrong) == (promised < backed)


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.sampled_from(["en", "es", "fr", "de"]))
def test_more_backing_never_finds_more(text: str, language: str) -> None:
    none = found(text, language=language, backings=())
    some = found(text, language=language, backings=(Backed("R-1", "a refund, un reembolso", 3),))
    assert len([f for f in some if f.rule == "promise_backed"]) <= len([f for f in none if f.rule == "promise_backed"])
