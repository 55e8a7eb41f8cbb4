"""A message about the law or about data makes its case a regulated one, in every language; others do not."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from services.triage.adapters.reply_check_files import load_regulated
from services.triage.domain.decider import make_decider
from services.triage.domain.policies.regulation import Category
from services.triage.domain.policies.reply_check import Context
from services.triage.domain.policies.reply_context import in_case
from services.triage.domain.state import evolve
from shared.contracts.triage import BoundaryStated, RequestAssessed
from tests.support.replies import checker
from tests.support.triage import BLEMISH, POLICIES, assess, past, read, reading, request_of, triage_rules

regulated = load_regulated(POLICIES).category


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("You will hear from my lawyer about this refund.", "legal_threat"),
        ("Hablaré con mi abogado si no me devuelven el dinero.", "legal_threat"),
        ("Mon avocat vous écrira au sujet du remboursement.", "legal_threat"),
        ("Mein Anwalt wird Ihnen wegen der Erstattung schreiben.", "legal_threat"),
        ("Under GDPR I want you to delete my data.", "data_rights"),
        ("Bitte löschen Sie meine Daten.", "data_rights"),
        ("I bought this four months ago, it has a tiny scratch. I want a full refund.", None),
        ("Quiero cambiar la talla de mi pedido, por favor.", None),
    ],
)
def test_a_category_follows_from_what_is_said(text: str, category: str | None) -> None:
    assert regulated(read(text)) == category


def test_a_category_that_applies_to_nothing_is_refused() -> None:
    with pytest.raises(ValidationError, match="applies to nothing"):
        Category(id="none", title="None.")


def test_the_first_category_that_applies_counts() -> None:
    both = reading("other", topics=("data_rights", "legal_threat"))
    assert regulated(both) == "legal_threat"


def test_the_reading_of_a_regulated_message_says_so() -> None:
    rules = replace(triage_rules(), regulated=regulated)
    decider = make_decider(rules)
    threat = reading("unfounded_demand", remedy="refund", topics=("legal_threat",))
    [first, *_] = decider.decide(assess(1, threat), decider.initial)
    assert isinstance(first, RequestAssessed)
    assert first.regulated == "legal_threat"
    [plain, *_] = decider.decide(assess(2, BLEMISH), decider.initial)
    assert isinstance(plain, RequestAssessed)
    assert plain.regulated is None


def test_a_case_knows_what_its_replies_must_say_and_may_promise() -> None:
    facts = past(assess(1, BLEMISH))
    [stated] = [fact for fact in facts if isinstance(fact, BoundaryStated)]
    state = make_decider(triage_rules()).initial
    for fact in facts:
        state = evolve(state, fact)
    context = in_case(Context(), state, request_of(1))
    assert (context.limit, context.reason, context.language) == (stated.limit, stated.reason, "en")
    assert checker().check(stated.text, context) == []
    promised = "We will refund the full price within two days."
    assert "promise_backed" in {found.rule for found in checker().check(promised, context)}
    assert in_case(Context(), state, None).limit == stated.limit
    assert in_case(Context(), make_decider(triage_rules()).initial, None).limit == ""
