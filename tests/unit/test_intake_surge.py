"""Under overload nothing is dropped: whoever comes first keeps the usual time, the rest get an honest later one."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.adapters.policy_files import load_rules
from services.intake.channels.registry import STYLES
from services.intake.domain.commands import NoteLoad, ReceiveMessage
from services.intake.domain.decider import make_decider
from services.intake.domain.policies.surge import SurgeRules, honest_due
from services.intake.domain.state import IntakeState
from shared.contracts.intake import CaseOpened, MessageReceived, MessageSent
from shared.contracts.intake_surge import OPERATIONS, Surge, SurgeBegan, SurgeEnded
from shared.kernel.errors import MalformedInput
from tests.support.intakes import MONDAY, SECOND, receive, said
from tests.support.scenario import Scenario

RULES = load_rules(Path(__file__).parents[2] / "policies", STYLES)
MANY = RULES.surge.begins_at
scenario = Scenario(make_decider(RULES))


def load(backlog: int) -> NoteLoad:
    return NoteLoad(OPERATIONS, MONDAY, backlog)


def opened(command: ReceiveMessage) -> tuple[CaseOpened, MessageSent]:
    facts = make_decider(RULES).decide(command, IntakeState())
    assert any(isinstance(fact, MessageReceived) for fact in facts)
    (case,) = (fact for fact in facts if isinstance(fact, CaseOpened))
    (told,) = (fact for fact in facts if isinstance(fact, MessageSent))
    return case, told


def test_a_surge_begins_once_when_too_many_wait() -> None:
    scenario.given().when(load(MANY - 1)).then()
    began = SurgeBegan(backlog=MANY, answers_an_hour=RULES.surge.answers_an_hour)
    scenario.given().when(load(MANY)).then(began)
    scenario.given(began).when(load(MANY * 2)).then()


def test_a_surge_ends_only_well_below_its_beginning() -> None:
    began = SurgeBegan(backlog=MANY, answers_an_hour=60)
    scenario.given(began).when(load(RULES.surge.ends_at + 1)).then()
    ended = SurgeEnded(backlog=RULES.surge.ends_at, answers_an_hour=RULES.surge.answers_an_hour)
    scenario.given(began).when(load(RULES.surge.ends_at)).then(ended)
    scenario.given(began, ended).when(load(RULES.surge.ends_at + 1)).then()


def test_in_a_surge_the_customer_is_told_an_honest_later_time_and_why_is_on_record() -> None:
    usual, _ = opened(receive())
    later, told = opened(replace(receive(), backlog=MANY, surging=True))
    assert later.answer_due > usual.answer_due
    assert later.surge == Surge(backlog=MANY, answers_an_hour=RULES.surge.answers_an_hour)
    assert "longer than usual" in told.text or "longer than we would like" in told.text
    assert usual.surge is None


@pytest.mark.parametrize(("first_of_all", "surging"), [(True, True), (False, False)])
def test_whoever_comes_first_is_told_no_later_time(first_of_all: bool, surging: bool) -> None:
    usual, _ = opened(receive())
    first, told = opened(replace(receive(), backlog=MANY, surging=surging, comes_first=first_of_all))
    assert first.surge is None
    assert (first.answer_due < usual.answer_due) is first_of_all
    assert first.answer_due <= usual.answer_due
    assert "longer" not in told.text


def test_a_later_message_of_the_same_case_moves_no_time() -> None:
    first = make_decider(RULES).decide(receive(), IntakeState())
    again = scenario.given(*first).when(replace(receive(said(SECOND)), backlog=MANY, surging=True)).facts
    assert [type(fact) for fact in again] == [MessageReceived]


def test_a_surge_that_would_end_above_its_beginning_is_refused() -> None:
    with pytest.raises(ValueError, match="ends_at must be below begins_at"):
        SurgeRules(version="1", answers_an_hour=1, begins_at=10, ends_at=10)


INSTANTS = st.integers(0, 400 * 24 * 60).map(lambda minutes: MONDAY + timedelta(minutes=minutes))


@given(INSTANTS, st.integers(0, 3000), st.integers(0, 3000))
def test_the_more_wait_the_later_the_time_and_never_earlier_than_usual(now: datetime, one: int, more: int) -> None:
    usual = RULES.answer_due(now, "chat")
    few, many = (
        honest_due(now, usual, Surge(backlog=backlog, answers_an_hour=60), RULES.calendar)
        for backlog in (one, one + more)
    )
    assert usual <= few <= many
    assert many >= RULES.calendar.add_time(now, timedelta(hours=(one + more) / 60))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MalformedInput, match=r"answering\.yaml"):
        load_rules(tmp_path, STYLES)
