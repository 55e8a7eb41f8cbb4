"""Agents look back on a case, about the clauses that it was answered by and no others."""

from uuid import UUID

import pytest

from services.followup.domain.commands import NoteReflection
from services.followup.domain.decider import make_decider
from shared.contracts.followup import CaseTakenUp, MatterNoted
from shared.contracts.followup_reflections import ReflectionNoted
from shared.contracts.values import Backing
from shared.kernel.errors import NotFound
from tests.support.followups import CASE, CUSTOMER, MONDAY, RULES
from tests.support.scenario import Scenario

REFLECTION = UUID(int=77)


def reflect(clause: str | None = None) -> NoteReflection:
    return NoteReflection(CASE, MONDAY, "ana", ("agent",), REFLECTION, "Offering first.", "30 days are short.", clause)


def noted(clause: str | None) -> ReflectionNoted:
    return ReflectionNoted(
        case_id=CASE,
        reflection_id=REFLECTION,
        noted_by="ana",
        what_helped="Offering first.",
        what_should_change="30 days are short.",
        clause=clause,
    )


scenario = Scenario(make_decider(RULES))
TAKEN_UP = CaseTakenUp(case_id=CASE, customer_id=CUSTOMER)
BOUNDARY = MatterNoted(
    case_id=CASE,
    matter_id=UUID(int=78),
    request_id=UUID(int=79),
    outcome="boundary",
    at=MONDAY,
    backing=Backing(kind="clause", reference="shop/R-3", version="1"),
)


@pytest.mark.parametrize("clause", [None, "shop/R-3"])
def test_what_a_case_has_taught_is_noted(clause: str | None) -> None:
    scenario.given(TAKEN_UP, BOUNDARY).when(reflect(clause)).then(noted(clause))


def test_a_clause_that_the_case_was_not_answered_by_is_refused_and_the_clauses_are_named() -> None:
    refused = scenario.given(TAKEN_UP, BOUNDARY).when(reflect("shop/D-1"))
    refused.then_refused("clause_not_stated")
    assert "shop/R-3" in refused.facts[0].model_dump()["reason"]


def test_an_unknown_case_teaches_nothing() -> None:
    with pytest.raises(NotFound, match="no such case"):
        scenario.given().when(reflect())
